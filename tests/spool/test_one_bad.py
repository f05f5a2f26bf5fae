"""One bad thing in a spool is one bad thing: everything else goes on."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from select import select

import pytest

from comenq_core.errors import StoreError, StoreUnusable
from comenq_core.model import Activity, Change, Done, Failed, Pacing, Pause, Requeued, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.fs import inotify
from comenq_plugins.spool.fs.polling import Polling
from tests.spool.attacks import JOB_NAME
from tests.spool.children import OTHER, in_child, needs_root
from tests.spool.rig import (
    DIRECTORIES,
    Opener,
    attempt,
    claim,
    drop,
    names_in,
    open_at,
    put,
    request_text,
)


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


@pytest.mark.parametrize("has_failed", [False, True])
def test_a_held_job_whose_file_was_damaged_and_mended_is_held(
    store: SpoolStore, spool: Path, *, has_failed: bool
) -> None:
    """Its directory or its name says so, whatever is in the file."""
    (job,) = put(store, "Hi")
    store.change(job.id, Change.HOLD)
    if has_failed:
        store.record_target(job.id, Failed(reason="no pull request"), attempt(store))
    (path,) = (spool / ("failed" if has_failed else "hold")).glob("*.job")
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    assert bodies(store) == []
    with pytest.raises(StoreError, match="is damaged"):
        store.change(job.id, Change.RETRY if has_failed else Change.RELEASE)
    path.write_bytes(whole)
    if has_failed:
        store.change(job.id, Change.RETRY)
    assert store.get(job.id).state is State.HELD
    assert bodies(store) == []


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


def test_a_flipped_bit_is_told_although_nothing_else_waits(
    store: SpoolStore, spool: Path, clock: FakeClock
) -> None:
    """A damaged job that stands first is set aside in housekeeping, paused or not."""
    put(store, "Please do not merge this")
    put(store, "later")
    (path, _) = sorted((spool / "new").glob("*.job"))
    path.write_bytes(path.read_bytes().replace(b"do not", b"do now"))
    store.pause(Pause(reason="away", since=clock().wall))
    with store.lock():
        store.housekeep()
        (first,) = store.pending(limit=1, states=[State.WAITING])
    assert first.asked.body == "later"
    assert "the body is not what was queued" in reasons(store)


def failing_for(part: str, number: int, real: Callable[..., int]) -> Callable[..., int]:
    """`os.open` as a disk with one bad file has it."""

    def call(path: str, *args: int, **kwargs: int) -> int:
        if part in str(path) and not args[0] & os.O_CREAT:
            raise OSError(number, os.strerror(number), path)
        return real(path, *args, **kwargs)

    return call


@pytest.mark.parametrize("number", [errno.EIO, errno.EBADMSG, errno.ESTALE])
@pytest.mark.parametrize("restart", [False, True])
def test_a_dropped_file_with_a_bad_block_waits_alone(
    opener: Opener,
    spool: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
    restart: bool,
) -> None:
    """Others are adopted meanwhile; it is told with its reason, and adopted once it can be read."""
    store = opener()
    drop(spool, "bad.json", request_text("bad"))
    real = os.open
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing_for(".drop", number, real))
        assert not store.housekeep()
        (adopted,) = (spool / "adopt").iterdir()
        patch.setattr(os, "open", failing_for(adopted.name, number, real))
        drop(spool, "good.json", request_text("good"))
        store = opener() if restart else store
        assert not store.housekeep()
        assert [job.asked.body for job in store.pending()] == ["good"]
    assert os.strerror(number) in caplog.text
    clock.advance(400)
    store.housekeep()
    assert [job.asked.body for job in store.pending()] == ["good", "bad"]
    assert list((spool / "adopt").iterdir()) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENAMETOOLONG, errno.EPERM, errno.EOVERFLOW])
def test_a_dropped_file_that_cannot_be_opened_fails_alone(
    store: SpoolStore, spool: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It becomes a failed entry with that reason, and others are adopted."""
    drop(spool, "bad.json", request_text("bad"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing_for(".drop", number, os.open))
        store.housekeep()
    drop(spool, "good.json", request_text("good"))
    store.housekeep()
    assert [job.asked.body for job in store.pending()] == ["good"]
    assert os.strerror(number) in reasons(store)


@pytest.mark.parametrize("place", ["new", "adopt", "cur"])
def test_a_file_that_cannot_be_moved_stops_nothing(
    opener: Opener,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    """An immutable file stays where it is and is told; the next comment goes on, at a start too."""
    store = opener()
    (stuck, _) = put(store, "stuck", "next")
    (path,) = (spool / "new").glob(f"*{stuck.id}*")
    if place == "adopt":
        path.write_bytes(b"no job")
        path.rename(spool / "adopt" / f"{stuck.id}.drop")
    else:
        path.rename(spool / place / path.name)
    rename = os.rename

    def refusing(source: str, target: str) -> None:
        if stuck.id in source and source.startswith(f"{spool}/{place}/"):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), source)
        rename(source, target)

    monkeypatch.setattr(os, "rename", refusing)
    store = opener()
    with store.lock():
        store.housekeep()
        assert claim(store).asked.body == "next"
    assert "immovable" in caplog.text


def test_a_copy_of_a_job_that_is_only_remembered_is_not_posted(
    store: SpoolStore, spool: Path, clock: FakeClock
) -> None:
    """A backup brings back the file of a job whose receipt was pruned: that one fails alone."""
    put(store, "once")
    (path,) = (spool / "new").glob("*.job")
    data = path.read_bytes()
    with store.lock():
        done = Done(url="https://forge.example/1", comment_id=1)
        store.settle(claim(store), done, attempt(store))
        for _ in range(3):
            clock.advance(40 * 86_400)
            store.housekeep(clock().wall)
        assert not list((spool / "done").iterdir())
        path.write_bytes(data)
        put(store, "next")
        assert claim(store).asked.body == "next"
    assert "the job was posted on 2026-12-01" in reasons(store)


@needs_root
def test_what_is_mounted_over_a_part_is_named_until_it_is_gone(spool: Path) -> None:
    """Each directory, another one's or its own again: nothing is lost, and then it goes on."""

    def work() -> list[str]:
        store, told = open_at(spool), []
        (job,) = put(store, "mine")
        with store.lock():
            found = claim(store)
            for name in DIRECTORIES:
                for source in (spool.parent / "other", spool / name):
                    path = spool / name
                    subprocess.run(["mount", "--bind", source, path], check=True)
                    if source != path or name in ("cur", "done"):
                        with pytest.raises(StoreUnusable, match=f"{path}: another filesystem"):
                            store.settle(found, Done(url="https://forge.example/1"), attempt(store))
                        told.append(name)
                    subprocess.run(["umount", path], check=True)
            assert not list((spool.parent / "other").iterdir())
            store.settle(found, Done(url="https://forge.example/1"), attempt(store))
        assert store.get(job.id).state is State.POSTED
        return sorted({*told})

    (spool.parent / "other").mkdir()
    assert _with_own_mounts(work) == str(sorted(DIRECTORIES))


@needs_root
def test_records_are_not_read_from_another_filesystem(spool: Path) -> None:
    """What is mounted over the spool has no pause and no pacing: both are errors meanwhile."""

    def work() -> int:
        store = open_at(spool)
        store.pause(Pause(reason="away", since=store.now().wall))
        record = Pacing(account="bot", at=store.now())
        store.save_pacing(record, expect=None)
        activity = Activity(doing="waiting", since=store.now(), limit=60)
        refused: list[Callable[[], object]] = [
            store.paused,
            store.pacing,
            lambda: store.save_pacing(record, expect=None),
            lambda: store.report(activity),
            store.resume,
        ]
        subprocess.run(["mount", "-t", "tmpfs", "none", spool], check=True)
        for call in refused:
            with pytest.raises(StoreUnusable, match="another filesystem is mounted here"):
                call()
        assert not list(spool.iterdir())
        subprocess.run(["umount", spool], check=True)
        assert store.paused()
        assert store.pacing() == {"bot": record}
        return len(refused)

    assert _with_own_mounts(work) == "5"


@needs_root
def test_what_is_mounted_over_the_spool_is_named(spool: Path) -> None:
    """A mount over the spool, or a part of it, is an error that names the directory."""

    def work() -> list[str]:
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

    assert _with_own_mounts(work) == str([str(spool), str(spool / "new"), str(spool / "done")])


def _with_own_mounts(work: Callable[[], object]) -> str:
    """Do work in a child whose mounts nobody else sees."""

    def apart() -> object:
        _unshare()
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        return work()

    return in_child(apart)


def _unshare() -> None:
    """Give this process mounts of its own; Python 3.11 has no word for it."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x00020000):
        raise OSError(ctypes.get_errno(), "unshare")
