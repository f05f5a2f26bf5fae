"""What the parts of a store's contract share: fixtures, and helpers that queue and settle jobs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest

from comenq_core.model import (
    Attempt,
    Candidate,
    Change,
    Checking,
    CommentRequest,
    Done,
    Failed,
    Job,
    NewJob,
    Origin,
    State,
    Unconfirmed,
    Verdict,
)
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock

__all__ = [
    "ACCOUNT",
    "ALICE",
    "CANDIDATES",
    "Harness",
    "attempt",
    "attempt_and_settle",
    "claim",
    "claim_all",
    "ids",
    "new_job",
    "put",
    "put_in_state",
]

ACCOUNT = "octocat"
CANDIDATES = (
    Candidate(url="https://forge.example/8", comment_id=8),
    Candidate(url="https://forge.example/9", comment_id="IC_9"),
)
ALICE = Origin(intake="contract", uid=1000, pid=42, via="mcp agent", token="ci")  # noqa: S106  (a name)


class Harness:
    """The fixtures of the contract."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The clock of all stores of a test."""
        return FakeClock()

    @pytest.fixture
    def reopen(self) -> Callable[[], Store]:
        """Opens the store once more, as another process would; for the subclass to define."""
        raise NotImplementedError("define the fixture `reopen` in your subclass of StoreContract")

    @pytest.fixture
    def store(self, reopen: Callable[[], Store]) -> Store:
        """The store under test."""
        return reopen()


def new_job(
    body: str = "Hi",
    *,
    key: str | None = None,
    not_before: datetime | None = None,
    ahead: bool = False,
    if_absent: bool = False,
    target: str = "octocat/hello#7",
    account: str | None = None,
    hold: bool = False,
    not_after: datetime | None = None,
    in_reply_to: int | None = None,
) -> NewJob:
    """A comment, as an intake hands it to a store."""
    owner, repo, number = re.split("[/#]", target)
    request = CommentRequest(
        owner=owner,
        repo=repo,
        pr_number=int(number),
        body=body,
        key=key,
        not_before=not_before,
        account=account,
        not_after=not_after,
        in_reply_to=in_reply_to,
    )
    return NewJob(request=request, origin=ALICE, ahead=ahead, if_absent=if_absent, hold=hold)


def put(store: Store, *bodies: str) -> Sequence[Job]:
    """Queue comments one after the other, each in a batch of its own."""
    return [store.put([new_job(body)])[0] for body in bodies]


def attempt(store: Store, *, counted: bool = True, outcome: str = "unknown") -> Attempt:
    """An attempt that has just ended; by default, without a usable answer."""
    now = store.now().wall
    return Attempt(
        started=now - timedelta(seconds=2),
        ended=now,
        account=ACCOUNT,
        outcome=outcome,
        message="502 Bad Gateway",
        status=502,
        counted=counted,
    )


def claim(store: Store) -> Job:
    """Claim the first job; the test fails if none is due."""
    job = store.claim(ACCOUNT)
    assert job is not None, "the store has no job to claim, and one is due"
    return job


def claim_all(store: Store) -> list[str]:
    """Claim all that is due; the ids, in the order of the claims."""
    with store.lock():
        return [job.id for job in iter(partial(store.claim, ACCOUNT), None)]


def attempt_and_settle(store: Store, *verdicts: Verdict, outcome: str = "unknown") -> Job:
    """Claim and settle a job once for each verdict; return it as it is afterwards."""
    with store.lock():
        for verdict in verdicts:
            job = claim(store)
            store.settle(job, verdict, attempt(store, outcome=outcome))
    return store.get(job.id)


def put_in_state(store: Store, state: State) -> Job:
    """Queue a comment, and bring it into a state.

    The next worker that takes the lock recovers a job in state `State.POSTING`: it is to be
    checked then. So put that one last.
    """
    (job,) = store.put([new_job(f"to be {state}", ahead=True)])
    if state in _CHANGED:
        store.change(job.id, _CHANGED[state])
    elif state is State.POSTING:
        with store.lock():
            claim(store)
    elif state is not State.WAITING:
        outcome = "unknown" if state in (State.CHECKING, State.UNCONFIRMED) else "refused"
        attempt_and_settle(store, _verdict_for(state, store.now().wall), outcome=outcome)
    return store.get(job.id)


_CHANGED = {State.HELD: Change.HOLD, State.DELETED: Change.CANCEL}


def _verdict_for(state: State, now: datetime) -> Verdict:
    verdicts: dict[State, Verdict] = {
        State.CHECKING: Checking(check_at=now + timedelta(seconds=60), reason="502"),
        State.UNCONFIRMED: Unconfirmed(reason="one like it is there", candidates=CANDIDATES),
        State.POSTED: Done(url="https://forge.example/1", comment_id=1),
        State.SKIPPED: Done(reason="the pull request is closed"),
        State.FAILED: Failed(reason="the conversation is locked"),
    }
    return verdicts[state]


def ids(jobs: Iterable[Job]) -> list[str]:
    """The ids of jobs, in the same order."""
    return [job.id for job in jobs]
