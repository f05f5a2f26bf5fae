"""What an operator ends: back-offs by a flush, and what waits for a person by a resume."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.listener.queue import JobQueue
from comenq_core.model import (
    Attempt,
    Cause,
    CommentRequest,
    Fault,
    Job,
    Origin,
    Pacing,
    Pause,
    RetryAt,
)
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore

PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
ME = Origin(intake="test", uid=1000)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    """An empty store."""
    return MemoryStore(clock)


@pytest.fixture
def queue(store: MemoryStore) -> JobQueue:
    """A queue on it with a cooldown of 900 s."""
    return JobQueue(store, PACE)


def backing_off(store: MemoryStore, cause: str, **members: object) -> Pacing:
    """The record of an account that waits for an hour."""
    record = Pacing(account=f"for {cause}", at=store.now(), backoff=3600, cause=cause, reason="so")
    store.save_pacing(replace(record, **members), expect=None)  # type: ignore[arg-type]
    return store.pacing()[record.account]


def put_off(queue: JobQueue, store: MemoryStore, fault: str, **members: object) -> str:
    """The id of a job that was attempted in vain, and waits for an hour."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="hello", **members)  # type: ignore[arg-type]
    job_id = queue.submit(request, ME).job.id
    now = store.now().wall
    attempt = Attempt(started=now, ended=now, account="me", outcome="refused", fault=fault)
    job = store.claim("me")
    assert job is not None
    store.settle(job, RetryAt(due=now + HOUR, reason="so"), attempt)
    return job_id


def is_due(store: MemoryStore, job_id: str) -> bool:
    """Whether a job may be posted at once."""
    return store.get(job_id).due is None


@pytest.mark.parametrize("cause", [Cause.UNREACHABLE, Cause.OUTAGE])
def test_a_flush_ends_an_accounts_back_off(queue: JobQueue, store: MemoryStore, cause: str) -> None:
    """What comenq has chosen itself because nothing works ends; a second flush finds nothing."""
    record = backing_off(store, cause)
    assert queue.flush(ME) == 1
    assert store.pacing()[record.account] == replace(record, backoff=0)
    assert queue.flush(ME) == 0


@pytest.mark.parametrize(
    "cause", [Cause.RATE_LIMITED, Cause.UNAUTHORIZED, Cause.BLOCKED, Cause.REFUSALS, ""]
)
def test_a_flush_leaves_what_the_forge_asked_for(
    queue: JobQueue, store: MemoryStore, cause: str
) -> None:
    """A wait that is the forge's, or that only a resume ends, is as it was."""
    record = backing_off(store, cause)
    assert queue.flush(ME) == 0
    assert store.pacing()[record.account] == record


def test_a_flush_does_not_count_what_is_over(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """A back-off whose time has passed has ended by itself."""
    record = backing_off(store, Cause.OUTAGE)
    clock.advance(3600)
    assert queue.flush(ME) == 0
    assert store.pacing()[record.account] == record


def test_an_attempt_that_runs_is_left_alone(queue: JobQueue, store: MemoryStore) -> None:
    """The worker replaces the record that announces it: nobody else may."""
    record = backing_off(store, Cause.OUTAGE, max_remaining=30.0)
    assert queue.flush(ME) == 0
    assert store.pacing()[record.account] == record


def test_a_record_that_a_worker_replaces_meanwhile_is_read_again(clock: FakeClock) -> None:
    """The back-off that the worker has just recorded ends as well, and nothing of it is lost."""

    class Racing(MemoryStore):
        has_raced = False

        def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
            if expect and not self.has_raced:
                self.has_raced = True
                super().save_pacing(replace(expect, failures=7), expect=expect)
            super().save_pacing(record, expect=expect)

    store = Racing(clock)
    record = backing_off(store, Cause.OUTAGE)
    assert JobQueue(store, PACE).flush(ME) == 1
    assert store.pacing()[record.account] == replace(record, failures=7, backoff=0)


def test_a_flush_ends_a_jobs_back_off(queue: JobQueue, store: MemoryStore) -> None:
    """A job that waits because of an earlier attempt may be posted at once."""
    first, second = put_off(queue, store, Fault.PULL_REQUEST), put_off(queue, store, Fault.UNCLEAR)
    assert queue.flush(ME) == 2
    assert is_due(store, first)
    assert is_due(store, second)
    assert queue.flush(ME) == 0


def test_a_flush_leaves_the_time_that_a_request_names(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """A job that was never attempted waits for the time that its client wants."""
    at = clock().wall + HOUR
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="hello", not_before=at)
    job = queue.submit(request, ME).job
    assert queue.flush(ME) == 0
    assert store.get(job.id).due == at


@pytest.mark.parametrize("cause", [Cause.UNAUTHORIZED, Cause.BLOCKED])
def test_a_resume_lets_an_account_post_again(
    queue: JobQueue, store: MemoryStore, cause: str
) -> None:
    """A rejected credential is used again, and so is an account that was blocked."""
    record = backing_off(store, cause, rejected_credential="ab12")
    queue.resume(ME)
    assert store.pacing()[record.account] == replace(
        record, backoff=0, cause="", reason="", rejected_credential=""
    )


@pytest.mark.parametrize("cause", [Cause.RATE_LIMITED, Cause.UNREACHABLE, Cause.OUTAGE])
def test_a_resume_leaves_other_back_offs(queue: JobQueue, store: MemoryStore, cause: str) -> None:
    """What passes by itself does not wait for a person."""
    record = backing_off(store, cause)
    queue.resume(ME)
    assert store.pacing()[record.account] == record


def test_a_resume_tries_what_was_refused(queue: JobQueue, store: MemoryStore) -> None:
    """A comment that was refused in unclear words, or for its account's sake, is tried at once."""
    unclear, account, other = (
        put_off(queue, store, fault) for fault in (Fault.UNCLEAR, Fault.ACCOUNT, Fault.PULL_REQUEST)
    )
    queue.resume(ME)
    assert is_due(store, unclear)
    assert is_due(store, account)
    assert not is_due(store, other)


def test_a_resume_ends_the_pause_last(clock: FakeClock) -> None:
    """The worker, which the end of the pause wakes, finds the accounts as they are to be."""
    found: list[str] = []

    class Watched(MemoryStore):
        def resume(self) -> None:
            found.extend(record.cause for record in self.pacing().values())
            super().resume()

    store = Watched(clock)
    store.pause(Pause(since=clock().wall, reason="lunch"))
    backing_off(store, Cause.BLOCKED)
    JobQueue(store, PACE).resume(ME)
    assert found == [""]
    assert store.paused() is None


def test_a_job_that_is_claimed_meanwhile_has_no_back_off(clock: FakeClock) -> None:
    """A job that no longer waits when its turn comes is not counted."""

    class Racing(MemoryStore):
        def deferred(self) -> list[Job]:
            found = list(super().deferred())
            clock.advance(HOUR.total_seconds())
            assert self.claim("me")
            return found

    store = Racing(clock)
    queue = JobQueue(store, PACE)
    put_off(queue, store, Fault.UNCLEAR)
    assert queue.flush(ME) == 0
