"""A worker among others that share its store: it gives up what another was faster with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comenq_core.errors import PacingConflict, WrongState
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
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.worker import Worker

PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
POLICY = RetryPolicy(max_attempts=5, max_interruptions=3, recheck=5)


class Board:
    """Posts nowhere, and remembers what it was asked."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.posted: list[str] = []
        self.looked_for: list[str] = []
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
        self.looked_for.append(job.id)
        self.since.append(since)
        return None


class Shared(MemoryStore):
    """A store in which another worker does something between two steps of ours."""

    uses_the_account = False
    announces_first = False
    takes_the_doubtful = False
    corrects_first = False

    def claim(self, account: str) -> Job | None:
        """Hand out a job, after another has used the account."""
        if self.uses_the_account:
            self._pacing[account] = Pacing(account=account, at=self.now(), job="000000000000")
        return super().claim(account)

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace the record, unless another has."""
        if self.announces_first if record.max_remaining else self.corrects_first:
            raise PacingConflict("somebody else was faster")
        super().save_pacing(record, expect=expect)

    def reclaim(self, job: Job) -> Job:
        """Take the job, unless another has."""
        if self.takes_the_doubtful:
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
def board() -> Board:
    """The one account that our worker has."""
    return Board("ours")


@pytest.fixture
def worker(store: Shared, board: Board) -> Worker:
    """Our worker."""
    return Worker(store, [board], PACE, POLICY)


def put(store: MemoryStore) -> Job:
    """Queue a comment."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="hello")
    return store.put([NewJob(request=request, origin=Origin(intake="test"))])[0]


def put_in_doubt(store: MemoryStore, account: str, clock: FakeClock) -> Job:
    """Queue a comment that may be posted already, by an account."""
    job = put(store)
    store.claim(account)
    now = clock().wall
    tried = Attempt(started=now, ended=now, account=account, outcome="unknown", counted=True)
    store.settle(job, Checking(check_at=now, reason="502"), tried)
    return job


@pytest.mark.parametrize("how", ["uses_the_account", "announces_first"])
def test_a_worker_that_was_outpaced_posts_nothing(
    store: Shared, worker: Worker, board: Board, how: str
) -> None:
    """Another posts with the account after ours has decided to: the job keeps its place."""
    setattr(store, how, True)
    job = put(store)
    worker.step()
    kept = store.get(job.id)
    assert board.posted == []
    assert (kept.state, kept.due, kept.attempt_count) == (State.WAITING, None, 0)


def test_a_worker_that_was_outpaced_posts_when_it_is_its_turn(
    store: Shared, worker: Worker, board: Board, clock: FakeClock
) -> None:
    """The cool-off that the other has begun is kept, and then ours goes on."""
    store.uses_the_account = True
    job = put(store)
    worker.step()
    store.uses_the_account = False
    clock.advance(PACE.cooldown - 1)
    worker.step()
    assert board.posted == []
    clock.advance(1)
    worker.step()
    assert board.posted == [job.id]


def test_an_announcement_that_was_recorded_without_our_knowing_is_ours(
    store: Shared, worker: Worker, board: Board, clock: FakeClock
) -> None:
    """The store recorded the attempt and failed to say so: the post is made all the same."""
    job = put(store)
    begun = Pacing(account="ours", at=clock(), max_remaining=30, job=job.id)
    claim = store.claim

    def claim_after_announcement(account: str) -> Job | None:
        store.save_pacing(begun, expect=None)
        return claim(account)

    store.claim = claim_after_announcement  # type: ignore[method-assign]
    worker.step()
    assert board.posted == [job.id]


def test_a_job_is_looked_for_by_the_clock_of_the_machine(
    store: Shared, board: Board, clock: FakeClock
) -> None:
    """A database whose clock is ahead hides no comment: posters know the machine's clock alone."""
    behind = timedelta(hours=-1)
    worker = Worker(store, [board], PACE, POLICY, lambda: Instant(wall=clock().wall + behind))
    tried = clock().wall
    put_in_doubt(store, "ours", clock)
    clock.advance(60)
    worker.step()
    assert board.since == [tried + behind]


def test_a_doubtful_job_that_another_took_is_let_be(
    store: Shared, worker: Worker, board: Board, clock: FakeClock
) -> None:
    """Nobody is asked for it, and it is no fault."""
    put_in_doubt(store, "ours", clock)
    store.takes_the_doubtful = True
    worker.step()
    assert board.looked_for == []


def test_a_record_that_another_has_replaced_is_not_corrected(
    store: Shared, worker: Worker, board: Board
) -> None:
    """What another knows of the account's pace is newer; the job is settled all the same."""
    store.corrects_first = True
    job = put(store)
    worker.step()
    assert store.get(job.id).state is State.POSTED
    assert worker.step() > 0


def test_a_record_that_another_has_only_just_made_is_not_from_the_future(
    board: Board, clock: FakeClock
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
    Worker(store, [board], PACE, POLICY).step()
    (record,) = store.pacing().values()
    assert (record.at.wall, record.job) == (begun + timedelta(seconds=1), "000000000000")


def test_a_job_that_another_account_tried_is_not_ours_to_look_for(
    store: Shared, worker: Worker, board: Board, clock: FakeClock
) -> None:
    """What that account has posted would not be found with ours, and posted a second time."""
    job = put_in_doubt(store, "theirs", clock)
    for _ in range(20):
        clock.advance(worker.step())
    assert (board.looked_for, board.posted) == ([], [])
    assert store.get(job.id).state is State.CHECKING


def test_the_account_that_tried_last_looks(store: Shared, clock: FakeClock) -> None:
    """A job was kept with one account, and its worker died while it posted with another."""
    boards = [Board("first"), Board("second")]
    job = put_in_doubt(store, "first", clock)
    clock.advance(5)
    store.save_pacing(
        Pacing(account="second", at=clock(), max_remaining=30, job=job.id), expect=None
    )
    Worker(store, boards, PACE, POLICY).step()
    assert [board.looked_for for board in boards] == [[], [job.id]]


def test_a_job_that_outlived_too_many_workers_is_buried(
    store: Shared, worker: Worker, board: Board
) -> None:
    """Nobody is asked for it any more, and the worker goes on."""
    job = put(store)
    store.claim("ours")
    many = POLICY.max_interruptions + 1
    store._keep(replace(store.get(job.id), state=State.CHECKING, interruptions=many))
    worker.step()
    assert (store.get(job.id).state, board.looked_for) == (State.FAILED, [])
