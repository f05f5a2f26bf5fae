"""The spool beyond the contract: several processes, limits, damage, and old records."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select
from unittest.mock import patch

import pytest

from comenq_core.errors import NoSuchJob, QueueRefused, StoreError, StoreLocked
from comenq_core.model import (
    Change,
    Checking,
    Done,
    Failed,
    Instant,
    Job,
    Pacing,
    Pause,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Verdict,
)
from comenq_core.protocols import Watch
from comenq_core.testing.clock import FakeClock
from comenq_plugins.spool import SpoolStore, catalog, new_directory, recovery
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.format.job_file import Event, decode, encode_event
from comenq_plugins.spool.fs import durable, safe_read
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.polling import Polling
from tests.spool.children import alive, all_at_once
from tests.spool.rig import (
    DIRECTORIES,
    FROZEN,
    Opener,
    attempt,
    claim,
    drop,
    names_in,
    new_job,
    open_at,
    places_of,
    put,
)


def test_comments_for_later_are_not_read_to_find_what_was_put_off(opener: Opener) -> None:
    """However many wait for a time of their own, only the job that was attempted is opened."""
    store = opener()
    later = store.now().wall + timedelta(hours=5)
    store.put([new_job(str(number), not_before=later) for number in range(20)])
    (job,) = put(store, "Hi")
    with store.lock():
        store.settle(claim(store), RetryAt(due=later, reason="502"), attempt(store))
    real = catalog.Catalog.read
    with patch.object(catalog.Catalog, "read", autospec=True, side_effect=real) as read:
        assert [one.id for one in store.deferred()] == [job.id]
    assert read.call_count == 1


def readable(watch: Watch) -> bool:
    """Whether the watch signals a change."""
    return bool(select([watch], [], [], 0)[0])


# Putting -----------------------------------------------------------------------------------------


def test_a_full_queue_takes_of_threads_what_there_is_room_for(opener: Opener) -> None:
    """Of eight threads that put at once where four jobs may wait, exactly four are refused."""
    store = opener(max_pending=4)
    with ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(put, store, f"c {number}") for number in range(8)]
    refusals = [job.exception() for job in jobs if job.exception()]
    assert [type(refusal) for refusal in refusals] == [QueueRefused] * 4
    assert len(store.pending()) == 4


def test_a_job_that_is_claimed_before_its_put_returns_does_not_wait(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, spool: Path
) -> None:
    """A worker may claim a job as soon as it has its name; it no longer counts as waiting then."""
    listener, worker = opener(), opener()
    fsync = os.fsync

    def claim_once_there(descriptor: int) -> None:
        fsync(descriptor)
        if names_in(spool / "new"):
            monkeypatch.setattr(os, "fsync", fsync)
            with worker.lock():
                claim(worker)
            assert listener.counts().waiting == 0

    monkeypatch.setattr(os, "fsync", claim_once_there)
    put(listener, "Hi")
    assert listener.counts().waiting == 0


def test_what_could_not_be_written_does_not_wait(
    store: SpoolStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that could not be written is not counted, with a key or without."""

    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    for key in (None, "k"):
        with pytest.raises(StoreError):
            store.put([new_job("Hi", key=key)])
        assert store.counts().waiting == 0


def test_a_new_job_is_one_file_in_new(store: SpoolStore, spool: Path) -> None:
    """An acknowledged job is one file, and no draft is left."""
    (job,) = put(store, "Hi")
    assert places_of(spool) == {job.id: ["new"]}
    assert os.listdir(spool / "tmp") == []


def test_a_batch_with_a_flaw_leaves_nothing(store: SpoolStore, spool: Path) -> None:
    """If one key of a batch belongs to another comment, no job of the batch is queued."""
    store.put([new_job("taken", key="k")])
    with pytest.raises(StoreError):
        store.put([new_job("new"), new_job("other", key="k")])
    assert [job.asked.body for job in store.pending()] == ["taken"]
    assert os.listdir(spool / "tmp") == []


@pytest.mark.parametrize("how", [{"key": "k"}, {"if_absent": True}])
def test_processes_that_queue_the_same_at_once_get_one_job(
    spool: Path, opener: Opener, how: dict[str, object]
) -> None:
    """Listeners that get the same request at the same moment queue it once."""
    opener()

    def work() -> str:
        return open_at(spool).put([new_job("same", **how)])[0].id  # type: ignore[arg-type]

    ids = all_at_once([work] * 8)
    assert places_of(spool) == {ids[0]: ["new"]}
    assert len(set(ids)) == 1


def test_jobs_put_ahead_together_stand_in_a_definite_order(store: SpoolStore) -> None:
    """Each job of a batch goes ahead of all others, also of the one before it in the batch."""
    put(store, "waits")
    store.put([new_job("one", ahead=True), new_job("two", ahead=True)])
    store.put([new_job("three", ahead=True)])
    assert [job.asked.body for job in store.pending()] == ["three", "two", "one", "waits"]


def test_a_job_for_the_last_moment_is_kept(store: SpoolStore) -> None:
    """A job's file name has room for the last moment that a request can have."""
    last = datetime(2499, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    (job,) = store.put([new_job(not_before=last)])
    assert store.get(job.id).due == last


def test_a_full_queue_refuses(opener: Opener) -> None:
    """At max_pending a batch is refused, and nothing of it is queued."""
    store = opener(max_pending=3)
    put(store, "one", "two")
    with pytest.raises(QueueRefused, match="max_pending is 3") as refusal:
        store.put([new_job("three"), new_job("four")])
    assert refusal.value.why == "queue_full"
    assert len(store.pending()) == 2
    put(store, "three")


def test_health_tells_the_capacity_and_its_minimum(opener: Opener, spool: Path) -> None:
    """Health names the comments, bytes and inodes that are left, and how many must be."""
    store = opener(max_pending=5, min_free_bytes=1 << 62, min_free_inodes=7)
    rooms = {one.resource: one for one in store.health().capacity}
    disk = os.statvfs(spool)
    assert (rooms["comments"].remaining, rooms["comments"].minimum) == (5, 1)
    assert 0 < rooms["bytes"].remaining < rooms["bytes"].minimum == 1 << 62
    assert ("inodes" in rooms) == (disk.f_files > 0)
    assert all(rooms[name].minimum == 7 for name in rooms.keys() & {"inodes"})


@pytest.mark.parametrize("setting", ["min_free_bytes", "min_free_inodes"])
def test_a_disk_that_is_nearly_full_refuses(opener: Opener, spool: Path, setting: str) -> None:
    """At the minimum of free space or inodes, the error names the setting."""
    opener()
    if setting == "min_free_inodes" and not os.statvfs(spool).f_files:
        pytest.skip("this filesystem makes inodes as it needs them, and counts none")
    store = opener(**{setting: 1 << 62})
    with pytest.raises(QueueRefused, match=setting) as refusal:
        put(store, "Hi")
    assert refusal.value.why == "disk_full"


# The worker --------------------------------------------------------------------------------------


def test_asking_for_a_worker_keeps_no_worker_out(spool: Path) -> None:
    """However often somebody asks whether there is a worker, a new one can start."""

    def ask() -> None:
        with closing(open_at(spool)) as store:
            for _ in range(1_000):
                store.health()

    def work() -> None:
        with closing(open_at(spool)) as store:
            for _ in range(100):
                with store.lock():
                    pass

    assert all_at_once([ask, work]) == ["None", "None"]


def test_a_second_worker_is_told_who_has_the_spool(store: SpoolStore, spool: Path) -> None:
    """It is refused with the first one's pid and how to end it; it starts once that is killed."""

    def work() -> None:
        with open_at(spool).lock():
            signal.pause()

    with (
        alive(work) as pid,
        pytest.raises(
            StoreLocked,
            match=rf"another worker \(pid {pid}\) .* is process {os.getpid()} ",
        ),
        store.lock(),
    ):
        pytest.fail("two workers at once")
    with store.lock():
        pass


def test_a_damaged_job_is_failed_and_blocks_no_other(store: SpoolStore, spool: Path) -> None:
    """A job whose file is damaged becomes a dead letter with the reason; its bytes are kept."""
    damaged, sound = put(store, "damaged", "sound")
    (name,) = (name for name in names_in(spool / "new") if name.id == damaged.id)
    (spool / "new" / str(name)).write_bytes(b"\0" * 100)
    with store.lock():
        assert claim(store).id == sound.id
    (dead_letter,) = store.history(limit=9)
    assert damaged.id in dead_letter.reason
    assert "damaged" in dead_letter.reason
    assert (spool / "failed" / f"{dead_letter.id}.drop").read_bytes() == b"\0" * 100


def test_a_claimed_job_that_is_damaged_is_failed(store: SpoolStore, spool: Path) -> None:
    """Recovery makes a dead letter of it, whatever the damage."""
    put(store, "damaged", "sound")
    with store.lock():
        claim(store)
    (name,) = names_in(spool / "cur")
    (spool / "cur" / str(name)).write_bytes(b"")
    with store.lock():
        assert store.checking() == []
        assert claim(store).asked.body == "sound"
    assert [dead_letter.state for dead_letter in store.history(limit=9)] == [State.FAILED]


@pytest.mark.parametrize(
    ("verdict", "directory"),
    [
        (Done(url="https://forge.example/1"), "done"),
        (Failed(reason="locked"), "failed"),
        (Requeued(reason="throttled"), "new"),
        (RetryAt(due=FROZEN().wall, reason="502"), "new"),
        (Checking(check_at=FROZEN().wall, reason="timeout"), "cur"),
    ],
)
def test_what_a_dead_worker_had_recorded_is_carried_out(
    store: SpoolStore, spool: Path, verdict: Verdict, directory: str
) -> None:
    """A worker that died after it had recorded an event does not count as an interruption."""
    (job,) = put(store, "Hi")
    event = Event(attempt=attempt(store), verdict=verdict)
    with store.lock():
        claim(store)
    (name,) = names_in(spool / "cur")
    with (spool / "cur" / str(name)).open("ab") as file:
        file.write(encode_event(event))
    with store.lock():
        assert places_of(spool) == {job.id: [directory]}
    found = store.get(job.id)
    assert (found.attempts, found.interruptions) == ((event.attempt,), 0)


@pytest.mark.parametrize(
    ("keeps", "loses"),
    [("cur", "new"), ("hold", "new"), ("done", "cur"), ("failed", "cur"), ("cur", "hold")],
)
def test_recovery_keeps_the_more_advanced_of_two(
    store: SpoolStore, spool: Path, keeps: str, loses: str
) -> None:
    """Where a power cut left a job in two places, it is in one afterwards, and never posted twice.

    btrfs, and ext4 without a journal, leave a job in both when only one directory was synced.
    """
    (job,) = put(store, "Hi")
    (name,) = names_in(spool / "new")
    content = (spool / "new" / str(name)).read_bytes()
    (spool / "new" / str(name)).unlink()
    for directory in (keeps, loses):
        (spool / directory / str(name)).write_bytes(content)
    with store.lock():
        assert places_of(spool) == {job.id: [keeps]}


def test_recovery_removes_a_second_name_in_the_same_directory(
    store: SpoolStore, spool: Path
) -> None:
    """A bump that a power cut tore leaves one job, not two."""
    (job,) = put(store, "Hi")
    (name,) = names_in(spool / "new")
    os.link(spool / "new" / str(name), spool / "new" / str(name._replace(order=name.order - 1)))
    with store.lock():
        assert places_of(spool) == {job.id: ["new"]}
        assert claim(store).id == job.id
        assert store.claim("bot") is None


def is_locked(path: Path) -> bool:
    """Whether the file's lock is held."""
    import fcntl

    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_recovery_and_operators_wait_for_each_other(
    store: SpoolStore, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that an operator moves during recovery is not taken for one in two places."""
    (job,) = put(store, "Hi")
    with locked(str(spool / "changes.lock")):
        pass
    held = []

    def spy(path: str) -> list[Name]:
        held.append(is_locked(spool / "changes.lock"))
        return names_in(Path(path))

    monkeypatch.setattr(recovery, "listed", spy)
    with store.lock():
        pass
    assert held
    assert all(held)
    held.clear()
    real = os.rename

    def rename(source: str, target: str) -> None:
        held.append(is_locked(spool / "changes.lock"))
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    for change in (Change.BUMP, Change.BUST, Change.HOLD, Change.RELEASE):
        store.change(job.id, change)
    assert held == [True] * 4


def test_a_job_that_did_not_suit_is_not_read_again(
    store: SpoolStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a worker asks, each job that it passes over is read once."""
    jobs = put(store, *map(str, range(9)))
    reads: list[str] = []
    real = safe_read.read_own

    def spy(path: str, limit: int) -> bytes:
        reads.append(path)
        return real(path, limit)

    monkeypatch.setattr(catalog, "read_own", spy)
    with store.lock():
        for _ in range(3):
            assert store.claim("bot", lambda _: False) is None
        assert len(reads) == 9
        first = claim(store)
        store.settle(first, RetryAt(due=store.now().wall, reason="502"), attempt(store))
        reads.clear()
        assert store.claim("bot", lambda job: bool(job.attempts)) is not None
    assert (first.id, first.asked.body) == (jobs[0].id, "0")
    assert len(reads) == 1


def test_what_was_passed_over_is_forgotten_when_it_waits_no_more(store: SpoolStore) -> None:
    """The memory that it takes is bounded by the queue."""
    jobs = put(store, *map(str, range(200)))
    with store.lock():
        assert store.claim("bot", lambda _: False) is None
        store.change_all([job.id for job in jobs[1:]], Change.CANCEL)
        assert store.claim("bot", lambda _: False) is None
    assert list(store._passed_over._jobs) == [store._catalog.index.get(jobs[0].id)]


def test_a_damaged_job_delays_none_that_suits(store: SpoolStore, spool: Path) -> None:
    """It fails, and what suits behind it is claimed."""
    damaged, unsuitable, wanted = put(store, "damaged", "unsuitable", "wanted")
    (name,) = (name for name in names_in(spool / "new") if name.id == damaged.id)
    (spool / "new" / str(name)).write_bytes(b"{")
    with store.lock():
        job = store.claim("bot", lambda job: job.id == wanted.id)
    assert job is not None
    assert (job.id, job.asked.body) == (wanted.id, "wanted")
    assert [job.id for job in store.pending(states=[State.WAITING])] == [unsuitable.id]
    assert damaged.id in store.history(limit=1)[0].reason


def test_a_receipt_is_read_once_for_its_pull_request(
    store: SpoolStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up reads the receipts of its own pull request, once all others are known."""
    requests = [new_job("Hi"), new_job("Hi")]
    requests[1] = replace(requests[1], request=replace(requests[1].request, pr_number=8))
    here, there = store.put(requests)
    with store.lock():
        for number in range(2):
            store.settle(claim(store), Done(url="u", comment_id=number), attempt(store))
    (job,) = put(store, "Hi")
    assert store.comment_ids(job) == {0}
    reads: list[str] = []
    real = safe_read.read_own

    def spy(path: str, limit: int) -> bytes:
        reads.append(path)
        return real(path, limit)

    monkeypatch.setattr(catalog, "read_own", spy)
    assert store.comment_ids(job) == {0}
    assert [here.id in path for path in reads] == [True]
    assert store.comment_ids(there) == set()


def test_an_operator_and_a_worker_never_both_have_a_job_that_is_checked(
    store: SpoolStore, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes what a person has said into its file has the lock that a worker reclaims with."""
    put(store, "reclaimed", "resolved", "retried")
    checking = Checking(check_at=store.now().wall, reason="timeout")
    held = []
    real_append, real_move = durable.append, durable.move

    def append(path: str, keep: int, data: bytes) -> None:
        held.append(is_locked(spool / "changes.lock"))
        real_append(path, keep, data)

    def move(source: str, target: str) -> None:
        held.append(is_locked(spool / "changes.lock"))
        real_move(source, target)

    with store.lock():
        for verdict in (checking, checking, Unconfirmed(reason="alike")):
            store.settle(claim(store), verdict, attempt(store))
        monkeypatch.setattr(durable, "append", append)
        monkeypatch.setattr(durable, "move", move)
        reclaimed, resolved = store.checking()
        store.reclaim(reclaimed)
        store.resolve(resolved.id, Done(url="u", comment_id=1), attempt(store))
        store.change(store.pending(states=[State.UNCONFIRMED])[0].id, Change.RETRY)
    assert held == [True] * 5


# Looking and listing -----------------------------------------------------------------------------


def test_listing_passes_over_what_is_damaged(store: SpoolStore, spool: Path) -> None:
    """One damaged file does not hide the other jobs; a look-up of it is an error."""
    damaged, sound = put(store, "damaged", "sound")
    (spool / "new" / str(names_in(spool / "new")[0])).write_bytes(b"{}")
    assert [job.id for job in store.pending()] == [sound.id]
    with pytest.raises(StoreError, match="damaged"):
        store.get(damaged.id)


def test_what_is_for_other_repositories_is_not_decoded(
    store: SpoolStore, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To list one repository's jobs costs reading the other ones, and no more."""
    wanted_one = new_job("b", repo="Good-Bye")
    jobs = [store.put([one])[0] for one in (new_job("a"), wanted_one, new_job("c"))]
    (wanted,) = names_in(spool / "new")[1:2]
    decoded = []

    def spy(data: bytes, name: Name, state: State) -> Job:
        decoded.append(name)
        return decode(data, name, state)

    monkeypatch.setattr(job_file, "decode", spy)
    found = store.pending_in("OctoCat/good-bye", limit=9)
    assert [job and job.id for job in found] == [None, jobs[1].id, None]
    assert decoded == [wanted]


def test_held_jobs_are_found_wherever_they_have_gone_since(
    store: SpoolStore, opener: Opener
) -> None:
    """A place that is remembered is used only while the job is there."""
    jobs = put(store, "a", "b", "c")
    for job in jobs:
        store.change(job.id, Change.HOLD)
    assert [store.get(job.id).state for job in jobs] == [State.HELD] * 3
    other = opener()
    other.change(jobs[0].id, Change.RELEASE)
    other.change(jobs[1].id, Change.CANCEL)
    assert store.get(jobs[0].id).state is State.WAITING
    assert store.get(jobs[1].id).state is State.DELETED
    assert store.change(jobs[2].id, Change.RELEASE).state is State.WAITING


def test_a_job_is_found_while_it_moves(store: SpoolStore, spool: Path) -> None:
    """A look-up finds a job that was moved between listing and reading."""
    from comenq_plugins.spool.catalog import Catalog
    from comenq_plugins.spool.places import Place

    (job,) = put(store, "Hi")
    known: Catalog = store._catalog
    (name,) = names_in(spool / "new")
    find = known.find
    places = iter([Place(str(spool / "cur"), name)])
    known.find = lambda prefix: next(places, None) or find(prefix)  # type: ignore[method-assign]
    assert store.get(job.id) == job


@pytest.mark.parametrize("verdict", [Done(url="https://forge.example/1"), Failed(reason="locked")])
def test_history_is_deleted_after_its_days(
    opener: Opener, clock: FakeClock, spool: Path, verdict: Done | Failed
) -> None:
    """Receipts and dead letters are kept for history_days, and until two readings agree."""
    store = opener(history_days=2)
    jobs = put(store, "old", "young")
    with store.lock():
        for _ in jobs:
            store.settle(claim(store), verdict, attempt(store))
            clock.advance(86_400)
        store.mark_seen([job.id for job in jobs])
        clock.advance(3_600)
        store.housekeep()
        assert len(store.history(limit=9)) == 2
        clock.advance(86_400)
        store.housekeep()
    assert [job.id for job in store.history(limit=9)] == [jobs[1].id]
    with pytest.raises(NoSuchJob):
        store.get(jobs[0].id)


def test_a_failed_drop_is_deleted_with_its_dead_letter(
    opener: Opener, clock: FakeClock, spool: Path
) -> None:
    """The file takes no space after history_days, either."""
    store = opener(history_days=2)
    drop(spool, "bad.json", b"{")
    store.housekeep()
    assert len(os.listdir(spool / "failed")) == 2
    store.mark_seen([job.id for job in store.history(limit=9)])
    for _ in range(2):
        clock.advance(3 * 86_400)
        store.housekeep()
    assert os.listdir(spool / "failed") == []


# Waking up ---------------------------------------------------------------------------------------


def test_the_watch_wakes_for_what_another_process_does(store: SpoolStore, opener: Opener) -> None:
    """A worker that waits is woken by a job, a bump, a pause and a resume."""
    other = opener()
    (job,) = put(other, "Hi")
    changes: list[Callable[[], object]] = [
        lambda: put(other, "another"),
        lambda: other.change(job.id, Change.BUMP),
        lambda: other.pause(Pause(since=other.now().wall, reason="rest")),
        other.resume,
    ]
    with closing(store.watch()) as watch:
        for change in changes:
            watch.drain()
            assert not readable(watch)
            change()
            assert readable(watch)


def test_the_watch_outlives_the_directory_it_watches(store: SpoolStore, spool: Path) -> None:
    """A worker is woken also when new/ was replaced."""
    with closing(store.watch()) as watch:
        shutil.rmtree(spool / "new")
        store.counts()
        watch.drain()
        watch.drain()
        put(store, "Hi")
        assert readable(watch)


def test_nothing_is_missed_when_events_are_lost(
    store: SpoolStore, opener: Opener, spool: Path
) -> None:
    """More events than inotify keeps make the spool list the directory."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 200_000:
        pytest.skip(f"this kernel keeps {limit} events, too many to overflow in a test")
    paths = [spool / "new" / ".one", spool / "new" / ".two"]
    paths[0].touch()
    for number in range(limit // 2 + 1):
        os.rename(paths[number % 2], paths[(number + 1) % 2])
    (job,) = put(opener(), "unseen")
    assert [found.id for found in store.pending()] == [job.id]
    (later,) = put(opener(), "seen again")
    assert [found.id for found in store.pending()] == [job.id, later.id]


def test_without_inotify_all_is_found_all_the_same(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On systems without inotify, an operation lists a directory that may have changed."""
    monkeypatch.setattr(new_directory, "watch_directories", Polling)
    store, other = opener(), opener()
    (job,) = put(other, "Hi")
    with store.lock():
        assert claim(store).id == job.id
        store.settle(job, Done(url="https://forge.example/1"), attempt(store))
    assert [found.state for found in other.history(limit=1)] == [State.POSTED]


# A directory that is taken away ------------------------------------------------------------------


def works(store: SpoolStore) -> None:
    """Assert that a job is posted, and that an operator can hold one."""
    first, second = put(store, "posted", "held")
    store.change(second.id, Change.HOLD)
    with store.lock():
        job = next(job for job in iter(lambda: store.claim("bot"), None) if job.id == first.id)
        store.settle(job, Done(url="https://forge.example/1"), attempt(store))
        store.housekeep()
    store.change(second.id, Change.CANCEL)
    assert store.get(first.id).state is State.POSTED


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_a_directory_that_is_taken_away_is_made_again(
    store: SpoolStore, spool: Path, directory: str
) -> None:
    """It is made with its mode, and all works without a restart."""
    works(store)
    shutil.rmtree(spool / directory)
    works(store)
    assert (spool / directory).stat().st_mode & 0o7777 == 0o700
    shutil.rmtree(spool / directory)
    works(store)


def test_a_waiting_job_survives_the_loss_of_another_directory(
    store: SpoolStore, spool: Path
) -> None:
    """A claim that finds no cur/ does not lose the job."""
    (job,) = put(store, "Hi")
    with store.lock():
        shutil.rmtree(spool / "cur")
        found = store.claim("bot") or store.claim("bot")
        assert found is not None
        assert found.id == job.id


def test_a_spool_that_is_gone_is_no_empty_queue(
    store: SpoolStore, spool: Path, opener: Opener
) -> None:
    """An error says so, and nothing is queued until the spool is back: it may be unmounted."""
    (job,) = put(store, "kept")
    away = spool.with_name("away")
    spool.rename(away)
    spool.mkdir(mode=0o700)
    for _ in range(2):
        with pytest.raises(StoreError, match="the spool is gone: mount or restore it"):
            put(store, "lost")
    assert os.listdir(spool) == []
    spool.rmdir()
    with pytest.raises(StoreError, match="the spool is gone"):
        store.pending()
    away.rename(spool)
    assert [found.id for found in store.pending()] == [job.id]
    works(opener())
    works(store)


def test_a_spool_that_is_made_again_is_used(store: SpoolStore, spool: Path, opener: Opener) -> None:
    """When one process has made a new spool in the place, the others use it."""
    put(store, "lost with the directory")
    shutil.rmtree(spool)
    works(opener())
    works(store)


# The small records -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{}", b"[1]", b'[{"account":"a"}]', b"\0\0\0", b'{"since":1}']
)
@pytest.mark.parametrize("end", [b"", b"\n"], ids=["cut short", "whole line"])
@pytest.mark.parametrize("name", ["pacing.jsonl", "paused.json"])
def test_a_damaged_record_stops_the_worker_and_says_where(
    store: SpoolStore, spool: Path, name: str, text: bytes, end: bytes
) -> None:
    """Without the record, posting could break the pace or the operator's pause."""
    (spool / name).write_bytes(text + end)
    read = {"pacing.jsonl": store.pacing, "paused.json": store.paused}[name]
    with pytest.raises(StoreError, match=name):
        read()
    (spool / name).unlink()
    assert not read()


def test_saving_the_same_pacing_again_is_no_conflict(
    store: SpoolStore, clock: Callable[[], Instant]
) -> None:
    """A worker that got an error, although the record was written, can save it again."""
    record = Pacing(account="bot", at=clock())
    store.save_pacing(record, expect=None)
    store.save_pacing(record, expect=None)
    assert store.pacing() == {"bot": record}


def test_a_pacing_line_that_was_cut_short_does_not_count(
    store: SpoolStore, spool: Path, clock: Callable[[], Instant]
) -> None:
    """When a crash has cut the last line, the one before it counts, and the next replaces it."""
    file = spool / "pacing.jsonl"
    before = Pacing(account="bot", at=clock())
    begun = replace(before, max_remaining=30.0, job="7f3kq2m8x1ab")
    store.save_pacing(before, expect=None)
    start = file.stat().st_size
    store.save_pacing(begun, expect=before)
    whole = file.read_bytes()
    for end in range(start, len(whole)):
        file.write_bytes(whole[:end])
        assert store.pacing() == {"bot": before}
    store.save_pacing(begun, expect=before)
    assert store.pacing() == {"bot": begun}
    assert file.read_bytes() == whole


def test_the_pacing_file_does_not_grow(
    store: SpoolStore, spool: Path, clock: Callable[[], Instant]
) -> None:
    """One line for each attempt neither fills the disk nor takes longer and longer to read."""
    last = None
    for number in range(200):
        record = Pacing(account="bot", at=clock(), reason=f"{number} " + "x" * 200)
        store.save_pacing(record, expect=last)
        last = record
    assert store.pacing() == {"bot": last}
    assert (spool / "pacing.jsonl").stat().st_size < 20_000


def test_old_drafts_are_deleted_and_young_ones_are_not(store: SpoolStore, spool: Path) -> None:
    """A draft is deleted after 36 hours, when its writer must be dead."""
    old, young = spool / "tmp" / "old", spool / "tmp" / "young"
    for draft in (old, young):
        draft.touch()
    past = old.stat().st_mtime - timedelta(hours=37).total_seconds()
    os.utime(old, (past, past))
    with store.lock():
        assert [old.exists(), young.exists()] == [False, True]


def test_an_imported_job_that_was_being_posted_is_to_be_checked(
    store: SpoolStore, spool: Path
) -> None:
    """Its comment may be there already, and no worker of this spool has died of it."""
    job = replace(put(store, "Hi")[0], id="7f3kq2m8x1ab", state=State.POSTING)
    with store.lock():
        store.import_jobs([job])
    with store.lock():
        (found,) = store.checking()
    assert (found.id, found.interruptions) == (job.id, 0)


def test_held_jobs_count_for_those_that_come_in_held(opener: Opener) -> None:
    """What nobody releases does not fill the disk; what waits is not refused for it."""
    store = opener(max_pending=2)
    store.put([new_job("a", hold=True), new_job("b", hold=True)])
    with pytest.raises(QueueRefused):
        store.put([new_job("c", hold=True)])
    assert store.put([new_job("d")])[0].state is State.WAITING
