"""Verifies targets: is a waiting comment's pull request there? Told early, not at its turn.

One cheap question a time, `SECONDS_APART` at least, while no post is due. What the forge says is
recorded with the job, once; an answer that is none changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from comenq_core.model import (
    OUTCOME_WORDS,
    Attempt,
    Demand,
    Failed,
    Fault,
    Instant,
    Job,
    Pacing,
    Refused,
    Requeued,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
    Verdict,
    Verified,
)
from comenq_core.model.transitions import VERIFIABLE, VERIFIED
from comenq_core.policy.pacing import PacingPolicy, elapsed
from comenq_core.policy.recording import after_lookup, must_persist_backoff
from comenq_core.protocols import Poster, Store, TargetRecorder, TargetVerifier
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.results import PacingUpdate, Settlement

__all__ = ["SECONDS_APART", "Verification"]

SECONDS_APART = 15.0
"""Seconds from one question to the next."""

_SHOWN_LATE = SECONDS_APART
"""After so many seconds, what was not found is asked for once more: a new pull request can be 404
for a moment."""

_LATER = 60.0
"""After so many seconds, a job is asked about again that got no answer."""

_PAGE = 200

_DEMANDS = (Throttled, Unauthorized, Unavailable, Unknown)
"""What concerns the account. What is blocked may be this question alone: the post tells."""

Asks = Callable[[Job, Mapping[str, Pacing], Instant], Sequence[Poster]]
"""The accounts that may ask the forge about a job now."""


@dataclass(slots=True)
class _Progress:
    """What is known of a job whose pull request nobody has found.

    Args:
        since: when it was first not found, or not answered.
        refused: how often each account has not found it.
        pause: seconds from ``since`` in which it is not asked about.
    """

    since: Instant
    refused: dict[str, int] = field(default_factory=dict)
    pause: float = 0.0


class Verification:
    """Asks for the pull requests of the comments that were not attempted yet.

    Args:
        store: where the jobs are.
        asks: the accounts that may ask.
        serving: the names of all accounts that may post a job.
        policy: how far apart posts are.
        calls: of the posters.
        recorder: records what the forge says; without one, it is asked nothing.
    """

    def __init__(
        self,
        store: Store,
        asks: Asks,
        serving: Callable[[Job], Sequence[str]],
        policy: PacingPolicy,
        calls: PosterCalls,
        recorder: TargetRecorder | None,
    ) -> None:
        self._store = store
        self._asks = asks
        self._serving = serving
        self._policy = policy
        self._calls = calls
        self._recorder = recorder
        self._known: dict[str, _Progress] = {}
        self._last: Instant | None = None

    def wait(self, now: Instant) -> float:
        """Seconds until the next question may be asked; infinity if none may be."""
        if self._recorder is None:
            return math.inf
        return max(0.0, SECONDS_APART - elapsed(self._last, now)) if self._last else 0.0

    def next(self, records: Mapping[str, Pacing], now: Instant) -> tuple[Job, Poster] | None:
        """About which job the forge is asked now, and by which account."""
        jobs = self._unverified()
        self._known = {job.id: self._known[job.id] for job in jobs if job.id in self._known}
        for job in jobs:
            progress = self._known.get(job.id)
            if progress and elapsed(progress.since, now) < progress.pause:
                continue
            if poster := self._poster_for(job, progress, records, now):
                return job, poster
        return None

    def verify(
        self, job: Job, poster: Poster, record: Pacing | None
    ) -> Settlement | PacingUpdate | None:
        """Ask about a job; return what is to be recorded, if anything is."""
        credential = self._calls.credential(poster)
        started = self._store.now()
        answer = self._answer(job, poster)
        now = self._last = self._store.now()
        match answer:
            case Verified():
                attempt = _attempt(poster, VERIFIED, answer, started, now)
                return Settlement(job=job, verdict=Requeued(reason=""), attempt=attempt)
            case Refused(fault=Fault.PULL_REQUEST | Fault.COMMENT, message=message):
                if not self._is_certain(job, poster.account, now):
                    return None
                attempt = _attempt(poster, OUTCOME_WORDS[Refused], answer, started, now)
                return Settlement(job=job, verdict=Failed(reason=message), attempt=attempt)
        self._known[job.id] = _Progress(since=now, pause=_LATER)
        if isinstance(answer, _DEMANDS) and must_persist_backoff(answer):
            after = after_lookup(record, poster.account, answer, now, credential, self._policy)
            return PacingUpdate(record=after, expect=record, outcome=answer, now=now)
        return None

    def record(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Record what the forge has said.

        Raises:
            StoreError: the store failed, or the job is not what it was.
        """
        assert self._recorder
        assert isinstance(verdict, Requeued | Failed)
        self._recorder.record_target(job.id, verdict, attempt)

    def _answer(self, job: Job, poster: Poster) -> Verified | Refused | Demand:
        assert isinstance(poster, TargetVerifier)
        about = {"account": poster.account, "job": job.id}
        ask = partial(poster.verify_target, job.asked)
        answer = self._calls.answer("verify_target", ask, **about)
        if isinstance(answer, Verified | Refused | Demand):
            return answer
        return self._calls.wrong("verify_target", answer, **about)

    def _poster_for(
        self, job: Job, progress: _Progress | None, records: Mapping[str, Pacing], now: Instant
    ) -> Poster | None:
        """An account that may ask, and that has asked no more often than the others."""
        counts = progress.refused if progress else {}
        least = min((counts.get(name, 0) for name in self._serving(job)), default=0)
        able = self._asks(job, records, now)
        return next(
            (
                poster
                for poster in able
                if isinstance(poster, TargetVerifier) and counts.get(poster.account, 0) == least
            ),
            None,
        )

    def _unverified(self) -> Sequence[Job]:
        """The newest jobs and the first ones, without those that were verified or attempted."""
        counts = self._store.counts()
        count = counts.waiting + counts.held
        pages = {max(0, count - _PAGE), 0}
        found = {
            job.id: job
            for offset in sorted(pages)
            for job in self._store.pending(limit=_PAGE, offset=offset, states=VERIFIABLE)
            if job.request and not job.attempts
        }
        return list(found.values())

    def _is_certain(self, job: Job, account: str, now: Instant) -> bool:
        """Whether each account has not found the pull request twice, at different times."""
        progress = self._known.setdefault(job.id, _Progress(since=now))
        progress.refused[account] = progress.refused.get(account, 0) + 1
        progress.pause = _SHOWN_LATE
        counts = [progress.refused.get(name, 0) for name in self._serving(job)]
        if min(counts, default=0) < 1:
            progress.pause = 0.0  # the other accounts are asked first
        return min(counts, default=0) > 1


def _attempt(
    poster: Poster, outcome: str, answer: Verified | Refused, started: Instant, ended: Instant
) -> Attempt:
    return Attempt(
        started=started.wall,
        ended=ended.wall,
        account=poster.account,
        outcome=outcome,
        message=answer.message,
        status=answer.status,
        fault=str(answer.fault) if isinstance(answer, Refused) else "",
    )
