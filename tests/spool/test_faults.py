"""Faults around a spool: nothing is acknowledged during one, and all works after it."""

from __future__ import annotations

import errno
import gc
import json
import os
import resource
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from comenq_core.errors import NoSuchJob, QueueRefused, StoreError, WrongState
from comenq_core.model import Change, Done, Job, NewJob, Pacing, Pause
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.fs import fsync
from tests.reliability.disks import remount, small_disk
from tests.spool.attacks import make_old
from tests.spool.broken import BrokenDisk
from tests.spool.children import OTHER, User, in_child, needs_root
from tests.spool.rig import (
    FROZEN,
    Opener,
    attempt,
    claim,
    drop,
    new_job,
    open_at,
    places_of,
    put,
    request_text,
)
from tests.spool.snapshots import Snapshot
from tests.spool.test_crash_points import OPERATIONS, Copies, any_operation, job_of, prepared


@pytest.fixture
def copies() -> Iterator[Copies]:
    """A prepared spool, and a place for its copies."""
    copies = Copies()
    prepared(copies.template)
    yield copies
    shutil.rmtree(copies.path)


# A disk that fails at any one change, or from any one on -----------------------------------------


how_often = pytest.mark.parametrize(
    "count",
    [pytest.param(1, id="once"), pytest.param(None, id="from then on", marks=pytest.mark.full)],
)
WAITS_FOR_ROOM = {"prune"}
"""What is put off on a full disk, without an error."""
OPERATORS = {"bump", "bust", "cancel", "conclude", "flush", "hold", "release", "resolve", "retry"}
"""What is done again, by the first word, by who may be told that it was done already."""
UNDONE = {*OPERATORS, "claim", "put", "reclaim"} - {"cancel"}
"""What is as before when it has failed, by the first word, if the disk lets it be undone."""
MAY_BE_DONE = {*OPERATORS, "edit", "erase:", "undelete"}
"""Of these, only the answer may have been lost: then there is nothing to do again."""
DONE_LATER = {"retry several", "resolve as posted: checked", "resolve as not posted: checked"}
"""But of several changes some may be made, and a worker completes what is in its jobs' files."""


def succeeds(store: SpoolStore, name: str, disk: BrokenDisk) -> bool:
    """Whether the operation succeeds on that disk; if not, it raises an error of the store."""
    with disk.in_use():
        try:
            OPERATIONS[name](store)
        except StoreError:
            return False
    return True


def bodies(snapshot: Snapshot, of_no: Snapshot) -> list[str]:
    """The bodies of the jobs that are in one snapshot and not in the other."""
    jobs = [job for job_id, job in snapshot.jobs.items() if job_id not in of_no.jobs]
    return sorted(job.asked.body for job in jobs)


def assert_between(found: Snapshot, before: Snapshot, after: Snapshot, where: str) -> None:
    """Assert that each job is as before or as after, and that there are no other ones."""
    for job_id, job in before.jobs.items():
        assert found.jobs.get(job_id) in (job, after.jobs.get(job_id)), where
    assert set(bodies(found, before)) <= set(bodies(after, before)), where
    assert found.pacing in (before.pacing, after.pacing), where
    assert found.pause in (before.pause, after.pause), where
    assert found.follows in (before.follows, after.follows), where


@how_often
@any_operation
def test_an_operation_that_failed_can_be_done_again(
    copies: Copies, name: str, count: int | None
) -> None:
    """Wherever the disk fails, the same store does the operation once the disk works again.

    Until then each job is as before the operation or as after it, and nothing was acknowledged.
    """
    before = copies.snapshot(copies.template)
    whole = copies.copy(copies.template)
    well = BrokenDisk(None, None)
    with closing(open_at(whole, FROZEN)) as store:
        assert succeeds(store, name, well)
    after = copies.snapshot(whole)
    for first in range(well.changes):
        where = f"{name}: the disk fails at {first}"
        spool = copies.copy(copies.template)
        with closing(open_at(spool, FROZEN)) as store:
            succeeded = succeeds(store, name, BrokenDisk(first, count))
            found = copies.snapshot(spool)
            assert_between(found, before, after, where)
            if succeeded:
                assert found == after or name in WAITS_FOR_ROOM, where
                continue
            if count and name.split(maxsplit=1)[0] in UNDONE and name not in DONE_LATER:
                assert found == before, where
            again(store, name)
        final = copies.snapshot(spool)
        assert_between(final, before, after, where)
        assert set(bodies(final, before)) == set(bodies(after, before)), where
        assert (final.pacing, final.pause) == (after.pacing, after.pause), where
        assert final.follows == after.follows, where
        for job_id in before.jobs:
            assert final.jobs.get(job_id) == after.jobs.get(job_id), where
        shutil.rmtree(spool)


def again(store: SpoolStore, name: str) -> None:
    """Do it once more, as a caller would."""
    if name.startswith("claim") and any(job.asked.body == "first" for job in store.checking()):
        return
    may_be_done = name.split(maxsplit=1)[0] in MAY_BE_DONE
    with suppress(*([NoSuchJob, WrongState, StopIteration] if may_be_done else [])):
        OPERATIONS[name](store)


@how_often
def test_a_failing_disk_loses_and_doubles_no_dropped_file(
    copies: Copies, count: int | None
) -> None:
    """When the disk works again, each dropped file becomes one job or one dead letter."""
    before = copies.snapshot(copies.template)
    drop(copies.template, "good.json", request_text("dropped"))
    drop(copies.template, "bad.json", b"{")
    make_old(copies.template / "new")
    first, failed = 0, True
    while failed:
        spool = copies.copy(copies.template)
        with closing(open_at(spool, FROZEN)) as store:
            disk = BrokenDisk(first, count)
            with disk.in_use():
                try:
                    store.housekeep()
                except StoreError:
                    failed = True
                else:
                    failed = False
            while store.housekeep():
                continue
        found = copies.snapshot(spool)
        fresh = [job for job_id, job in found.jobs.items() if job_id not in before.jobs]
        told = sorted(job.request.body if job.request else job.reason[:20] for job in fresh)
        assert told == ["dropped", "the text is not JSON"], f"the disk fails at {first}"
        assert found.drops == (), f"the disk fails at {first}"
        shutil.rmtree(spool)
        first += 1
    assert first > 10


# Other failures -----------------------------------------------------------------------------------


def test_a_job_that_was_not_written_does_not_wait(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error before anything is written leaves the number of waiting jobs as it was."""

    def fail(_job: Job) -> bytes:
        raise MemoryError

    monkeypatch.setattr(job_file, "encode_job", fail)
    with closing(open_at(copies.template, FROZEN)) as store:
        before = store.counts()
        with pytest.raises(MemoryError):
            put(store, "too much")
        assert store.counts() == before


@pytest.mark.parametrize("count", [1, 8], ids=["one", "several"])
@pytest.mark.parametrize("is_of_names", [False, True], ids=["bytes", "names"])
def test_nothing_is_left_of_what_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_of_names: bool, count: int
) -> None:
    """After a Ctrl-C nothing is queued, and no draft is left."""

    def interrupted(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) is is_of_names:
            raise KeyboardInterrupt

    spool = tmp_path / "queue"
    with closing(open_at(spool, FROZEN)) as store:
        monkeypatch.setattr(fsync, "_has_syncfs", lambda: False)
        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.put([new_job(str(number)) for number in range(count)])
        assert store.counts().waiting == 0
    assert places_of(spool) == {}
    assert os.listdir(spool / "tmp") == []


def test_a_file_that_cannot_be_removed_again_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose put failed counts as waiting if its file is there: a worker will post it."""
    store, fsync = open_at(tmp_path / "queue", FROZEN), os.fsync

    def fail_once_all_is_seen(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            assert store.counts().waiting == 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    def fail(_path: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with closing(store):
        monkeypatch.setattr(os, "fsync", fail_once_all_is_seen)
        monkeypatch.setattr(os, "unlink", fail)
        with pytest.raises(StoreError):
            put(store, "stays")
        assert store.counts().waiting == len(os.listdir(tmp_path / "queue" / "new")) == 1


def test_what_a_full_queue_refuses_is_not_kept(tmp_path: Path) -> None:
    """A refused request is freed without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        full = open_at(tmp_path / "queue", FROZEN, max_pending=0)
        with closing(full), pytest.raises(QueueRefused):
            full.put([new_job("one too many")])
        kept = [one for one in gc.get_objects() if isinstance(one, NewJob)]
        assert "one too many" not in [one.request.body for one in kept]
    finally:
        gc.enable()


# Real faults -------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small filesystem for one test."""
    with small_disk(tmp_path / "disk", "512k", 100):
        yield tmp_path / "disk"


@pytest.fixture
def cramped(disk: Path) -> Iterator[SpoolStore]:
    """A spool on the small filesystem, with a job that the worker has and one that waits."""
    with closing(open_at(disk / "queue", FROZEN)) as store:
        put(store, "claimed", "waits")
        claim(store)
        store.save_pacing(Pacing(account="bot", at=FROZEN()), expect=None)
        yield store


def fill_up(disk: Path, what: str) -> None:
    """Leave no byte, or no inode."""
    ballast = disk / "ballast"
    ballast.mkdir()
    with suppress(OSError), (ballast / "bytes").open("wb", buffering=0) as file:
        while what == "bytes":
            file.write(bytes(4096))
    with suppress(OSError):
        for number in range(1_000):
            (ballast / str(number)).touch()
    usage = os.statvfs(disk)
    assert 0 in (usage.f_bavail, usage.f_favail)


def assert_serves(store: SpoolStore) -> None:
    """Assert that all that was refused is possible now."""
    record = store.pacing()["bot"]
    put(store, "afterwards")
    store.pause(Pause(since=FROZEN().wall, reason="rest"))
    store.resume()
    store.save_pacing(record, expect=record)
    store.settle(job_of(store, "claimed"), Done(url="https://forge.example/1"), attempt(store))
    assert claim(store).asked.body == "waits"
    assert len(job_of(store, "claimed").attempts) == 1
    assert [job.asked.body for job in store.pending()] == ["waits", "afterwards"]


@needs_root
@pytest.mark.parametrize("what", ["bytes", "inodes"])
def test_a_full_disk_refuses_and_takes_again(disk: Path, cramped: SpoolStore, what: str) -> None:
    """Without space or inodes nothing is queued or left; with some again, all works."""
    spool = disk / "queue"
    drop(spool, "dropped.json", request_text("dropped"))
    fill_up(disk, what)
    big = "x" * 100_000
    works: list[Callable[[], object]] = [
        lambda: put(cramped, big),
        lambda: cramped.put([new_job("one of many"), new_job(big)]),
        lambda: cramped.put([new_job(big, key="k")]),
        lambda: cramped.pause(Pause(since=FROZEN().wall, reason=big)),
    ]
    for work in works:
        with pytest.raises(QueueRefused, match=r"No space left on device.*make room") as refusal:
            work()
        assert refusal.value.why == "disk_full"
    assert os.listdir(spool / "tmp") == []
    assert [job.asked.body for job in cramped.pending()] == ["claimed", "waits"]
    assert cramped.paused() is None
    shutil.rmtree(disk / "ballast")
    assert_serves(cramped)
    cramped.housekeep()
    assert job_of(cramped, "dropped").origin.intake == "drop"


@needs_root
def test_a_receipt_that_found_no_space_is_written_later(disk: Path, cramped: SpoolStore) -> None:
    """It is written once, when there is space again."""
    job = job_of(cramped, "claimed")
    fill_up(disk, "bytes")
    verdict = Done(url="https://forge.example/" + "x" * 10_000, comment_id=1)
    for _ in range(3):
        with pytest.raises(QueueRefused, match="No space left"):
            cramped.settle(job, verdict, attempt(cramped))
    shutil.rmtree(disk / "ballast")
    cramped.settle(job, verdict, attempt(cramped))
    (receipt,) = cramped.history(limit=9)
    assert (receipt.url, len(receipt.attempts)) == (verdict.url, 1)


@needs_root
def test_the_minimum_of_free_space_is_compared_with_the_disk(disk: Path) -> None:
    """min_free_bytes and min_free_inodes are compared with the filesystem as it is now."""
    with closing(open_at(disk / "queue", FROZEN, min_free_bytes=200_000)) as store:
        put(store, "fits")
        (disk / "ballast").write_bytes(bytes(400_000))
        with pytest.raises(QueueRefused, match=r"min_free_bytes is 200000: free some"):
            put(store, "does not")
        (disk / "ballast").unlink()
        put(store, "fits again")


@needs_root
def test_a_disk_that_turns_read_only_refuses_and_takes_again(
    disk: Path, cramped: SpoolStore
) -> None:
    """EROFS is reported; when the disk can be written again, all works without a restart."""
    remount(disk, "ro")
    job = job_of(cramped, "waits")
    for work in (
        lambda: put(cramped, "Hi"),
        lambda: cramped.change(job.id, Change.HOLD),
        lambda: cramped.claim("bot"),
    ):
        with pytest.raises(StoreError, match="Read-only file system: nothing was acknowledged"):
            work()
    assert [job.asked.body for job in cramped.pending()] == ["claimed", "waits"]
    remount(disk, "rw")
    assert_serves(cramped)


@needs_root
def test_a_directory_that_lost_its_permissions_is_named() -> None:
    """The error for EACCES names the directory; with the mode corrected, all works again."""
    base = Path(tempfile.mkdtemp(prefix="cq"))
    os.chown(base, OTHER, OTHER)
    spool = base / "queue"

    def work() -> str:
        said = []
        with closing(open_at(spool)) as store:
            for name in ("new", "tmp"):
                (spool / name).chmod(0o500)
                try:
                    put(store, "refused")
                except StoreError as error:
                    said.append(str(error))
                (spool / name).chmod(0o700)
            put(store, "taken")
            return json.dumps([said, [job.asked.body for job in store.pending()]])

    try:
        said, waiting = json.loads(in_child(work, user=User(OTHER)))
    finally:
        shutil.rmtree(base)
    assert [text.count("Permission denied: nothing was acknowledged") for text in said] == [1, 1]
    assert waiting == ["taken"]


def test_a_store_without_descriptors_works_again_later(spool: Path, opener: Opener) -> None:
    """At RLIMIT_NOFILE nothing is acknowledged; with descriptors again, the same store works."""
    opener()

    def work() -> str:
        said = []
        with closing(open_at(spool)) as store:
            put(store, "before")
            limits = resource.getrlimit(resource.RLIMIT_NOFILE)
            lowest = os.open("/", os.O_RDONLY)
            os.close(lowest)
            for spare in range(3):
                resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, limits[1]))
                try:
                    put(store, f"with {spare}")
                except StoreError as error:
                    said.append(str(error))
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            put(store, "after")
            return json.dumps([said, [job.asked.body for job in store.pending()]])

    said, waiting = json.loads(in_child(work))
    assert said
    assert all("Too many open files: nothing was acknowledged" in text for text in said)
    taken = [f"with {spare}" for spare in range(len(said), 3)]
    assert waiting == ["before", *taken, "after"]


@needs_root
def test_operators_can_act_when_the_disk_is_full(disk: Path, cramped: SpoolStore) -> None:
    """They can still list, hold and cancel jobs."""
    fill_up(disk, "bytes")
    with pytest.raises(QueueRefused):
        put(cramped, "x" * 100_000)
    job = job_of(cramped, "waits")
    cramped.change(job.id, Change.HOLD)
    assert places_of(disk / "queue")[job.id] == ["hold"]
    cramped.change(job.id, Change.CANCEL)
    assert [found.asked.body for found in cramped.pending()] == ["claimed"]
