"""Anybody's things under any name in any directory of a running spool: the queue moves."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from comenq_core.model import Change, Done, State
from comenq_core.testing.clock import FakeClock
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.format.filename import Name
from tests.spool.attacks import dangling, directory, fifo, make_old, symlink, unix_socket
from tests.spool.children import OTHER, User, in_child, needs_root
from tests.spool.rig import DIRECTORIES, attempt, claim, new_job, open_at, put

JOB_NAME = str(Name(1, 0, "000000000001", "00000000"))


def loop(path: Path, secret: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def empty(path: Path, secret: Path) -> None:
    """A file without a byte."""
    path.touch()


def closed(path: Path, secret: Path) -> None:
    """A file that its owner may not read."""
    path.write_bytes(b"{}")
    path.chmod(0)


def closed_directory(path: Path, secret: Path) -> None:
    """A directory that only its owner may enter."""
    path.mkdir(mode=0o700)
    (path / "inside").touch()


def noise(path: Path, secret: Path) -> None:
    """A file of zeros, as a crash of some filesystems leaves it."""
    path.write_bytes(bytes(300))


THINGS: list[Callable[[Path, Path], None]] = [
    closed, closed_directory, dangling, directory, empty, fifo, loop, noise, symlink, unix_socket
]  # fmt: skip


def names(number: int) -> list[bytes]:
    """Names that comenq gives itself in some directory, and names that nobody does."""
    job_id = f"{number:012d}"
    job = str(Name(number, 0, job_id, "00000000"))
    texts = [
        job, f"{job}.seen", f"{job_id}.drop", f"{2000 + number}-12.jsonl", "2026-12.jsonl.x",
        "worker.json", f"{number}.json", ".squatted-0", "x" * 240,
    ]  # fmt: skip
    return [*(text.encode() for text in texts), b"\xff\xfe\n\x1b[2J.json", b"\xff.drop"]


def fill(place: Path, secret: Path, owner: int) -> None:
    """Put every thing under every name into a directory."""
    for number, thing in enumerate(THINGS, 1):
        for name in names(number):
            path = place / os.fsdecode(name)
            if not os.path.lexists(path):
                thing(path, secret)
                os.chown(path, owner, owner, follow_symlinks=False)


def live(root: Path, clock: FakeClock, job_id: str) -> str:
    """Everything that listener and worker do, with a process that runs and one that starts."""
    running = open_at(root, clock)
    for _ in range(2):
        work(running, clock)
        running.close()
        running = open_at(root, clock)
    assert job_id in {job.id for job in running.history(limit=1_000)}
    running.close()
    return "moved"


def work(store: SpoolStore, clock: FakeClock) -> None:
    """Put, hold, claim, settle, list and prune."""
    with store.lock():
        (held,) = store.put([new_job("held", key=f"held {clock().ticks}")])
        (job,) = put(store, f"honest {clock().ticks}")
        store.change(held.id, Change.HOLD)
        while store.housekeep():
            continue
        bodies = {}
        while found := store.claim("bot"):
            bodies[found.id] = found
            store.settle(found, Done(url="https://forge.example/1"), attempt(store))
            store.comment_ids(found)
        assert job.id in bodies
        assert store.get(job.id).state is State.POSTED
        assert held.id in {one.id for one in store.pending()}
        store.change(held.id, Change.CANCEL)
        failed = [one.id for one in store.history(limit=1_000, only_failed=True)]
        store.mark_seen(failed)
        store.counts(), store.deferred(), store.health(), store.checking(), store.next_due()
        clock.advance(timedelta(days=2).total_seconds())
        while store.housekeep(clock().wall):
            continue


@pytest.mark.parametrize("place", DIRECTORIES)
def test_nothing_in_any_directory_stops_the_queue(
    spool: Path, tmp_path: Path, clock: FakeClock, place: str
) -> None:
    """What has no business there stays or is set aside, and everything else works."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"not yours")
    store = open_at(spool, clock)
    with store.lock():
        (job,) = put(store, "before")
        store.settle(claim(store), Done(url="https://forge.example/0"), attempt(store))
    fill(spool / place, secret, os.geteuid())
    make_old(spool / place)
    assert in_child(lambda: live(spool, clock, job.id)) == "moved"
    assert secret.read_bytes() == b"not yours"
    store.close()


@needs_root
@pytest.mark.parametrize("place", DIRECTORIES)
def test_nothing_of_another_user_stops_the_queue(clock: FakeClock, place: str) -> None:
    """The same, where all of it belongs to another user, and the daemon is not root."""
    with tempfile.TemporaryDirectory() as text:
        top = Path(text)
        os.chown(top, OTHER, OTHER)
        top.chmod(0o755)
        secret = top / "secret"
        secret.touch(mode=0o600)
        daemon, spool = User(OTHER), top / "queue"

        def begin() -> str:
            store = open_at(spool, clock)
            with store.lock():
                (job,) = put(store, "before")
                store.settle(claim(store), Done(url="https://forge.example/0"), attempt(store))
            return job.id

        job_id = in_child(begin, user=daemon)
        fill(spool / place, secret, 0)
        make_old(spool / place)
        assert in_child(lambda: live(spool, clock, job_id), user=daemon) == "moved"
