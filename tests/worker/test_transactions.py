"""A worker whose store makes several changes durable at once, or none of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from comenq_core.errors import PacingConflict, PluginError, StoreError
from comenq_core.model import Change, Job, Pacing, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.worker import Worker
from tests.worker.test_others import PACE, POLICY, RecordingPoster, put


class Atomic(MemoryStore):
    """A store in memory with transactions, of which a test has one fail at its end."""

    fails_at = 0
    is_lost = True
    fault: StoreError = StoreError("the database is gone")
    ended = 0
    is_open = False
    keeps_paces = True

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Save announcements, and what follows them unless the test says that it fails."""
        if not self.keeps_paces and record.max_remaining == 0:
            raise StoreError("the record cannot be read")
        super().save_pacing(record, expect=expect)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo everything after an error, and where the test says so."""
        before = self._jobs.copy(), self._places.copy(), self._pacing.copy()
        self.is_open = True
        try:
            yield
        except Exception:
            self._jobs, self._places, self._pacing = before
            raise
        finally:
            self.is_open = False
        self.ended += 1
        if self.ended == self.fails_at:
            if self.is_lost:
                self._jobs, self._places, self._pacing = before
            raise self.fault


@pytest.fixture
def store() -> Atomic:
    """The store."""
    return Atomic(FakeClock())


@pytest.fixture
def poster() -> RecordingPoster:
    """The one account."""
    return RecordingPoster("ours")


@pytest.fixture
def worker(store: Atomic, poster: RecordingPoster) -> Worker:
    """Our worker."""
    return Worker(store, [poster], PACE, POLICY)


@pytest.fixture
def job(store: Atomic) -> Job:
    """A comment that waits."""
    return put(store)


def test_a_claim_and_its_announcement_are_one_transaction(
    store: Atomic, worker: Worker, job: Job, poster: RecordingPoster
) -> None:
    """And so are the outcome and the pace after it."""
    worker.step()
    assert (store.ended, poster.posted) == (2, [job.id])
    assert store.get(job.id).state is State.POSTED
    assert store.pacing()["ours"].max_remaining == 0


def test_nothing_is_posted_whose_announcement_is_lost(
    store: Atomic, worker: Worker, job: Job, poster: RecordingPoster
) -> None:
    """The claim is undone with it, and the next step claims the job again."""
    store.fails_at = 1
    with pytest.raises(StoreError):
        worker.step()
    assert (poster.posted, store.get(job.id)) == ([], job)
    worker.step()
    assert (poster.posted, store.get(job.id).attempt_count) == ([job.id], 0)
    assert store.get(job.id).state is State.POSTED


def test_a_job_that_may_be_claimed_is_not_posted(
    store: Atomic, worker: Worker, job: Job, poster: RecordingPoster
) -> None:
    """The claim is durable, its answer was lost: the worker leaves it to be checked."""
    store.fails_at, store.is_lost = 1, False
    with pytest.raises(StoreError):
        worker.step()
    worker.step()
    assert poster.posted == []


def test_an_attempt_that_was_announced_too_late_is_not_made(
    store: Atomic, worker: Worker, job: Job, poster: RecordingPoster
) -> None:
    """The job has its place in the queue again."""
    store.fails_at, store.is_lost = 1, False
    store.fault = PacingConflict("it took too long")
    worker.step()
    assert (poster.posted, store.get(job.id).state) == ([], State.WAITING)


def test_an_outcome_that_was_lost_is_saved_with_its_pace(
    store: Atomic, worker: Worker, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    """The next step saves both, and only then they are reported."""
    caplog.set_level(logging.INFO, logger="comenq")
    store.fails_at = 2
    with pytest.raises(StoreError):
        worker.step()
    assert store.get(job.id).state is State.POSTING
    assert "job_done" not in caplog.text
    worker.step()
    assert (len(store.get(job.id).attempts), store.get(job.id).state) == (1, State.POSTED)
    assert store.pacing()["ours"].max_remaining == 0
    assert caplog.text.count("job_done") == 1


def test_a_receipt_is_kept_although_the_pace_cannot_be(
    store: Atomic, worker: Worker, job: Job, poster: RecordingPoster
) -> None:
    """What could not be saved together is saved one by one, in its order."""
    store.keeps_paces = False
    for _ in range(2):
        with pytest.raises(StoreError):
            worker.step()
    assert (poster.posted, store.get(job.id).state) == ([job.id], State.POSTED)
    store.keeps_paces = True
    worker.step()
    assert (poster.posted, store.pacing()["ours"].max_remaining) == ([job.id], 0)


def test_a_job_whose_claim_was_undone_is_not_posted(
    store: Atomic, worker: Worker, job: Job, poster: RecordingPoster
) -> None:
    """Another worker may have it by now or, as here, an operator has held it."""
    store.fails_at = 1
    with pytest.raises(StoreError):
        worker.step()
    store.change(job.id, Change.HOLD)
    worker.step()
    assert (poster.posted, store.get(job.id).state) == ([], State.HELD)


class _Commanded(RecordingPoster):
    """An account whose credential a slow command prints, which then knows it for a while."""

    def __init__(self, account: str, store: Atomic) -> None:
        super().__init__(account)
        self.store = store
        self.known = ""

    def credential(self) -> str:
        """Run the command, while nobody waits for a transaction."""
        assert not self.store.is_open
        self.known = super().credential()
        return self.known

    def reveals(self, text: str) -> bool:
        """Compare it with what the command has printed; run it if it has not yet."""
        return (self.known or self.credential()) == text


def test_no_command_for_a_token_runs_in_a_transaction(store: Atomic, job: Job) -> None:
    """Neither that of the account which posts nor that of another, which must not be posted."""
    posters = [_Commanded(name, store) for name in ("ours", "theirs")]
    Worker(store, posters, PACE, POLICY, accounts={"ours": (), "theirs": ("other/*",)}).step()
    assert posters[0].posted == [job.id]


def test_another_accounts_credential_that_cannot_be_had_stops_no_post(
    store: Atomic, job: Job
) -> None:
    """It is told when that account is to post."""
    ours, theirs = (_Commanded(name, store) for name in ("ours", "theirs"))
    theirs.credential = _fail  # type: ignore[method-assign]
    Worker(store, [ours, theirs], PACE, POLICY, accounts={"ours": (), "theirs": ("o/*",)}).step()
    assert ours.posted == [job.id]


def _fail() -> str:
    raise PluginError("the token cannot be read")
