"""One bad thing in a spool is one bad thing: everything else goes on."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from contextlib import closing
from pathlib import Path
from select import select

import pytest

from comenq_core.errors import StoreUnusable
from comenq_core.model import Done, Requeued, State
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.fs import inotify
from comenq_plugins.spool.fs.polling import Polling
from tests.spool.attacks import JOB_NAME
from tests.spool.children import OTHER, in_child, needs_root
from tests.spool.rig import Opener, attempt, claim, names_in, open_at, put


def bodies(store: SpoolStore) -> list[str]:
    """What is claimed until nothing is due."""
    with store.lock():
        return [job.asked.body for job in iter(lambda: store.claim("bot"), None)]


def reasons(store: SpoolStore) -> str:
    """Why jobs have failed."""
    return "\n".join(job.reason for job in store.history(limit=99))


def test_a_flipped_bit_in_a_body_is_not_posted(store: SpoolStore, spool: Path) -> None:
    """A waiting job whose body is not what its name says fails, and the next one is claimed."""
    (damaged, _) = put(store, "Please do not merge this", "second")
    (path,) = (spool / "new").glob(f"*{damaged.id}*")
    path.write_bytes(path.read_bytes().replace(b"do not", b"do now"))
    assert bodies(store) == ["second"]
    assert "the body is not what was queued" in reasons(store)


@needs_root
@pytest.mark.parametrize("directory", ["new", "cur"])
def test_a_job_of_another_owner_fails_alone(store: SpoolStore, spool: Path, directory: str) -> None:
    """A job's file that belongs to another user is set aside, and the next one is claimed."""
    put(store, "theirs")
    (path,) = (spool / "new").glob("*.job")
    path = path.rename(spool / directory / path.name)
    os.chown(path, OTHER, OTHER)
    put(store, "mine")
    assert bodies(store) == ["mine"]
    assert "it was not made by the daemon" in reasons(store)


def test_a_job_that_cannot_be_opened_fails_alone(
    store: SpoolStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job's file that the kernel refuses to open is set aside, and the next one is claimed."""
    (closed, _) = put(store, "closed", "open")
    real = os.open

    def refusing(path: str, *args: int, **kwargs: int) -> int:
        if closed.id in str(path) and not args[0] & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        assert bodies(store) == ["open"]
    assert "it cannot be opened: Permission denied" in reasons(store)


@pytest.mark.skipif(not hasattr(inotify, "INotify"), reason="this system has no inotify")
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC])
def test_without_inotify_it_polls_and_says_so_once(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    """No instance or no watch left is no full disk: all works, with one line in the log."""

    def none_left(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(inotify, "INotify", none_left)
    inotify._report_polling.cache_clear()
    store, other = opener(), opener()
    (job,) = put(other, "Hi")
    with store.lock(), closing(store.watch()):
        assert claim(store).id == job.id
        store.settle(job, Done(url="https://forge.example/1"), attempt(store))
    assert [found.state for found in other.history(limit=1)] == [State.POSTED]
    assert [record.message.split(":")[0] for record in caplog.records] == ["spool polling"]


def test_polling_wakes_a_waiting_worker(store: SpoolStore, spool: Path) -> None:
    """A descriptor becomes readable when a directory has changed."""
    old = (spool / "new").stat().st_mtime - 60
    os.utime(spool / "new", (old, old))
    with closing(Polling([str(spool / "new")])) as polling:
        polling.changes()
        waiting = polling.fileno()
        assert polling.changes() == ()
        put(store, "Hi")
        assert select([waiting], [], [], DEADLINE)[0]
        assert polling.changes() is None
    assert names_in(spool / "new")


def test_a_copy_of_a_posted_job_is_not_posted(store: SpoolStore, spool: Path) -> None:
    """A job's file that is put into new/ again, under another name, fails; the next goes on."""
    put(store, "once")
    (path,) = (spool / "new").glob("*.job")
    data = path.read_bytes()
    with store.lock():
        store.settle(claim(store), Done(url="https://forge.example/1"), attempt(store))
        (spool / "new" / f"0{path.name[1:]}").write_bytes(data)
        put(store, "next")
        assert claim(store).asked.body == "next"
    assert "is in" in reasons(store)


@pytest.mark.parametrize(
    "directory", ["new", "cur", "hold", "done", "failed", "unconfirmed", "tmp", "past", "adopt"]
)
def test_strays_stop_nothing(opener: Opener, spool: Path, directory: str) -> None:
    """Directories, FIFOs and links under any name leave the queue moving, also at a restart."""
    put(opener(), "honest")
    place = spool / directory
    for number, name in enumerate([JOB_NAME, "x.drop", "000000000001.drop", "x"], 1):
        (place / name).mkdir()
        os.mkfifo(place / f"0{number}{JOB_NAME[2:]}")
        (place / f"1{number}{JOB_NAME[2:]}").symlink_to(spool / "version")
    store = opener()
    with store.lock():
        while store.housekeep():
            continue
        job = claim(store)
        assert job.asked.body == "honest"
        store.settle(job, Done(url="https://forge.example/1"), attempt(store))
    assert store.get(job.id).state is State.POSTED


def test_a_directory_under_a_jobs_next_name_makes_way(store: SpoolStore, spool: Path) -> None:
    """A job that is put back into the queue finds its name, whoever has taken it."""
    put(store, "honest")
    (path,) = (spool / "new").glob("*.job")
    with store.lock():
        job = claim(store)
        squat = spool / "new" / path.name.replace("-0-0.job", "-1-0.job")
        squat.mkdir()
        (squat / "inside").touch()
        store.settle(job, Requeued(reason="throttled"), attempt(store))
        assert claim(store).id == job.id
    assert list((spool / "new").glob(".squatted-*/inside"))


@needs_root
def test_what_is_mounted_over_the_spool_is_named(spool: Path) -> None:
    """A mount over the spool, or a part of it, is an error that names the directory."""

    def work() -> list[str]:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        store = open_at(spool)
        told = []
        for path in (spool, spool / "new"):
            subprocess.run(["mount", "--bind", spool / "tmp", path], check=True)
            with pytest.raises(StoreUnusable) as error:
                put(store, "lost")
            subprocess.run(["umount", path], check=True)
            put(store, "kept")
            told.append(str(error.value).partition(":")[0])
        subprocess.run(["mount", "--bind", spool / "done", spool / "done"], check=True)
        with pytest.raises(StoreUnusable) as error:
            open_at(spool)
        return [*told, str(error.value).partition(":")[0]]

    def apart() -> list[str]:
        _unshare()
        return work()

    assert in_child(apart) == str([str(spool), str(spool / "new"), str(spool / "done")])


def _unshare() -> None:
    """Give this process mounts of its own; Python 3.11 has no word for it."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x00020000):
        raise OSError(ctypes.get_errno(), "unshare")
