"""One bad thing in a spool is one bad thing: everything else goes on."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from pathlib import Path
from select import select

import pytest

from comenq_core.model import Done, State
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.fs import inotify
from comenq_plugins.spool.fs.polling import Polling
from tests.spool.children import OTHER, needs_root
from tests.spool.rig import Opener, attempt, claim, names_in, put


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
