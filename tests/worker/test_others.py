"""A worker that shares its store with others gives up what another was faster with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comenq_core.errors import PacingConflict, StoreError, WrongState
from comenq_core.model import (
    Attempt,
    Checking,
    CommentRequest,
    Instant,
    Job,
    NewJob,
    Origin,
    Outcome,
    Pacing,
    Posted,
    State,
)
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import RetryPolicy
from comenq_core.protocols import every_job
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.worker import Worker

PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
POLICY = RetryPolicy(max_attempts=5, max_interruptions=3, recheck=5)


class RecordingPoster:
    """Posts nowhere, and remembers what it was asked."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.posted: list[str] = []
        self.looked_up: list[str] = []
        self.since: list[datetime] = []

    def credential(self) -> str:
        """Always the same."""
        return "c"

    def post(self, job: Job) -> Outcome:
        """Remember it."""
        self.posted.append(job.id)
        return Posted(comment_id=1, url="https://forge.example/1")

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> Posted | None:
        """Find nothing."""
        self.looked_up.append(job.id)
        self.since.append(since)
        return None


class Shared(MemoryStore):
    """A store in which another worker does something between two steps of ours."""

    uses_the_account = False
    announces_first = False
    takes_the_checked = False
    corrects_first = False
    fails_to_answer = False
    fails_to_correct = False
    records = False
    reads = 0

    def pacing(self) -> Mapping[str, Pacing]:
        """Count who asks."""
        self.reads += 1
        return super().pacing()

    def claim(self, account: str, suits: Callable[[Job], bool] = every_job) -> Job | None:
        """Hand out a job, after another has used the account."""
        if self.uses_the_account:
            self._pacing[account] = Pacing(account=account, at=self.now(), job="000000000000")
        return super().claim(account, suits)

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace the record, unless another has, or fail before or after that."""
        if self.announces_first if record.max_remaining else self.corrects_first:
            raise PacingConflict("somebody else was faster")
        if self.fails_to_correct and not record.max_remaining:
            raise StoreError("the disk is full")
        if self.records or not self.fails_to_answer:
            super().save_pacing(record, expect=expect)
        if self.fails_to_answer:
            raise StoreError("the database is gone")

    def reclaim(self, job: Job) -> Job:
        """Take the job, unless another has."""
        if self.takes_the_checked:
            super().reclaim(job)
            raise WrongState("somebody else has it")
        return super().reclaim(job)


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Shared:
    """The shared store."""
    return Shared(clock)


@pytest.fixture
def poster() -> RecordingPoster:
    """The one account that our worker has."""
    return RecordingPoster("ours")


@pytest.fixture
def worker(store: Shared, poster: RecordingPoster) -> Worker:
    """Our worker."""
    return Worker(store, [poster], PACE, POLICY)


def put(store: MemoryStore) -> Job:
    """Queue a comment."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="hello")
    return store.put([NewJob(request=request, origin=Origin(intake="test"))])[0]


def put_to_check(store: MemoryStore, account: str, clock: FakeClock) -> Job:
    """Queue a comment that an account may have posted already."""
    job = put(store)
    store.claim(account)
    now = clock().wall
    attempt = Attempt(started=now, ended=now, account=account, outcome="unknown", counted=True)
    store.settle(job, Checking(check_at=now, reason="502"), attempt)
    return job


@pytest.mark.parametrize("how", ["uses_the_account", "announces_first"])
def test_a_worker_that_loses_an_account_to_another_posts_nothing(
    store: Shared, worker: Worker, poster: RecordingPoster, how: str
) -> None:
    """Another uses the account after ours has chosen it: the job keeps its place."""
    setattr(store, how, True)
    job = put(store)
    worker.step()
    kept = store.get(job.id)
    assert poster.posted == []
    assert (kept.state, kept.due, kept.attempt_count) == (State.WAITING, None, 0)


def test_a_worker_that_lost_an_account_posts_after_its_cooldown(
    store: Shared, worker: Worker, poster: RecordingPoster, clock: FakeClock
) -> None:
    """The cooldown that the other worker has started is kept, and then ours posts."""
    store.uses_the_account = True
    job = put(store)
    worker.step()
    store.uses_the_account = False
    clock.advance(PACE.cooldown - 1)
    worker.step()
    assert poster.posted == []
    clock.advance(1)
    worker.step()
    assert poster.posted == [job.id]


@pytest.mark.parametrize("is_recorded", [True, False])
def test_an_attempt_that_the_store_failed_to_record_is_made_by_the_next_step(
    store: Shared, worker: Worker, poster: RecordingPoster, is_recorded: bool
) -> None:
    """Whether the store did record the attempt before it failed or not, the job is posted once."""
    job = put(store)
    store.fails_to_answer, store.records = True, is_recorded
    with pytest.raises(StoreError):
        worker.step()
    assert poster.posted == []
    store.fails_to_answer = False
    worker.step()
    assert poster.posted == [job.id]
    assert (store.get(job.id).state, store.get(job.id).interruptions) == (State.POSTED, 0)


def test_an_attempt_that_was_not_recorded_is_not_made_when_another_has_used_the_account(
    store: Shared, worker: Worker, poster: RecordingPoster, clock: FakeClock
) -> None:
    """Between the failure and the next step another worker posts: the job keeps its place."""
    job = put(store)
    store.fails_to_answer = True
    with pytest.raises(StoreError):
        worker.step()
    store.fails_to_answer = False
    store.save_pacing(Pacing(account="ours", at=clock(), job="000000000000"), expect=None)
    worker.step()
    assert (poster.posted, store.get(job.id).state) == ([], State.WAITING)


def test_a_result_of_which_a_part_is_saved_is_saved_whole_by_the_next_step(
    store: Shared, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """The job was settled and its account's record not: only the record is saved then."""
    job = put(store)
    store.fails_to_correct = True
    with pytest.raises(StoreError):
        worker.step()
    assert store.get(job.id).state is State.POSTED
    store.fails_to_correct = False
    worker.step()
    (record,) = store.pacing().values()
    assert (record.max_remaining, record.posts.success) == (0, 1)
    assert "unsettled" not in caplog.text


def test_a_step_reads_the_pacing_records_once(
    store: Shared, worker: Worker, poster: RecordingPoster, clock: FakeClock
) -> None:
    """Whatever a step does: it posts, waits, forgets a rejected credential, or looks a job up."""
    put(store)
    reads = [reads_of_a_step(store, worker)]
    assert len(poster.posted) == 1
    reads.append(reads_of_a_step(store, worker))
    (record,) = store.pacing().values()
    store.save_pacing(replace(record, rejected_credential="former"), expect=record)
    reads.append(reads_of_a_step(store, worker))
    put_to_check(store, "ours", clock)
    reads.append(reads_of_a_step(store, worker))
    assert len(poster.looked_up) == 1
    assert reads == [1, 1, 1, 1]


def reads_of_a_step(store: Shared, worker: Worker) -> int:
    """Let the worker do a step; count how often it reads the pacing records."""
    before = store.reads
    worker.step()
    return store.reads - before


def test_a_job_is_looked_up_by_the_clock_of_the_machine(
    store: Shared, poster: RecordingPoster, clock: FakeClock
) -> None:
    """A database whose clock is ahead hides no comment: posters know only the machine's clock."""
    behind = timedelta(hours=-1)
    worker = Worker(store, [poster], PACE, POLICY, lambda: Instant(wall=clock().wall + behind))
    attempted = clock().wall
    put_to_check(store, "ours", clock)
    clock.advance(60)
    worker.step()
    assert poster.since == [attempted + behind]


def test_a_job_to_be_checked_that_another_took_is_left_to_it(
    store: Shared, worker: Worker, poster: RecordingPoster, clock: FakeClock
) -> None:
    """The worker sends no look-up, and it is no fault."""
    put_to_check(store, "ours", clock)
    store.takes_the_checked = True
    worker.step()
    assert poster.looked_up == []


def test_a_record_that_another_has_replaced_is_not_corrected(
    store: Shared, worker: Worker, poster: RecordingPoster
) -> None:
    """What another worker recorded is newer; the job is settled all the same."""
    store.corrects_first = True
    job = put(store)
    worker.step()
    assert store.get(job.id).state is State.POSTED
    assert worker.step() > 0


def test_a_record_that_another_has_just_made_is_not_from_the_future(
    poster: RecordingPoster, clock: FakeClock
) -> None:
    """A clock without a boot went back only if it shows less after the record was read."""

    class Busy(MemoryStore):
        def pacing(self) -> Mapping[str, Pacing]:
            if not self._pacing:
                clock.advance(1)
                self._pacing["ours"] = Pacing(account="ours", at=self.now(), job="000000000000")
            return super().pacing()

    store = Busy(lambda: Instant(wall=clock().wall))
    begun = clock().wall
    Worker(store, [poster], PACE, POLICY).step()
    (record,) = store.pacing().values()
    assert (record.at.wall, record.job) == (begun + timedelta(seconds=1), "000000000000")


def test_a_job_that_another_account_attempted_is_not_ours_to_look_up(
    store: Shared, worker: Worker, poster: RecordingPoster, clock: FakeClock
) -> None:
    """Ours would not find what that account has posted, and would post it a second time."""
    job = put_to_check(store, "theirs", clock)
    for _ in range(20):
        clock.advance(worker.step())
    assert (poster.looked_up, poster.posted) == ([], [])
    assert store.get(job.id).state is State.CHECKING


def test_the_account_that_attempted_last_looks_the_job_up(store: Shared, clock: FakeClock) -> None:
    """A job went back to the queue, and its worker died while it posted with another account."""
    posters = [RecordingPoster("first"), RecordingPoster("second")]
    job = put_to_check(store, "first", clock)
    clock.advance(5)
    store.save_pacing(
        Pacing(account="second", at=clock(), max_remaining=30, job=job.id), expect=None
    )
    worker = Worker(store, posters, PACE, POLICY)
    worker.step()  # it records that the attempt was interrupted
    worker.step()
    assert [poster.looked_up for poster in posters] == [[], [job.id]]


def test_a_job_that_outlived_too_many_workers_fails(
    store: Shared, worker: Worker, poster: RecordingPoster
) -> None:
    """It is not looked up any more, and the worker lives on."""
    job = put(store)
    store.claim("ours")
    many = POLICY.max_interruptions + 1
    store._keep(replace(store.get(job.id), state=State.CHECKING, interruptions=many))
    worker.step()
    assert (store.get(job.id).state, poster.looked_up) == (State.FAILED, [])
