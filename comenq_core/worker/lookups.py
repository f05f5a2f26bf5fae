"""Look-ups: is the comment of an attempt without a known answer on the pull request?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Checking, Failed, Instant, Job, Pacing, Posted
from comenq_core.policy import pacing, recording
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.recording import must_persist_backoff
from comenq_core.policy.retry import (
    Found,
    RetryPolicy,
    Unanswered,
    after_lookup,
    interrupted_too_often,
)
from comenq_core.process.log import Log
from comenq_core.protocols import Poster, Store
from comenq_core.worker.attempts import first_attempted_at, interruption, look_up, lookup_record
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.follows import Follows
from comenq_core.worker.results import PacingUpdate, Settlement

__all__ = ["Lookups"]

log = Log("worker")


class Lookups:
    """Asks the forge for comments that may have been posted.

    Args:
        store: where the jobs are.
        pacing_policy: how far apart an account's posts are.
        retry_policy: when a job is looked up again, and when it fails.
        clock: the machine's, which posters compare with the forge's.
        calls: of the posters.
        follows: what is kept of triggers.
    """

    def __init__(
        self,
        store: Store,
        pacing_policy: PacingPolicy,
        retry_policy: RetryPolicy,
        clock: Callable[[], Instant],
        calls: PosterCalls,
        follows: Follows,
    ) -> None:
        self._store = store
        self._pacing_policy = pacing_policy
        self._retry_policy = retry_policy
        self._clock = clock
        self._calls = calls
        self._follows = follows

    def look_up(
        self, job: Job, poster: Poster, record: Pacing | None
    ) -> Iterator[Settlement | PacingUpdate]:
        """Look a job's comment up; yield what is to be saved, in this order.

        Args:
            record: the account's pacing record.
        """
        credential = self._calls.credential(poster)
        here, started = self._clock(), self._store.now()
        try:
            job = self._store.reclaim(job)
        except (NoSuchJob, WrongState) as error:
            log.info("taken", "Another worker or an operator has taken a job that was to be"
                     " checked.", job=job.id, reason=error)  # fmt: skip
            return
        if early := self._before(job, poster, record, started):
            yield early
            return
        limit = self._pacing_policy.attempt_limit
        ago = started.wall - first_attempted_at(job, record, started, limit)
        known = {*self._store.comment_ids(job), *job.comment_ids}
        found = look_up(self._calls, poster, job, here.wall - ago, known)
        ended = self._store.now()
        yield from self._results(job, poster, record, credential, found, started, ended)

    def _before(
        self, job: Job, poster: Poster, record: Pacing | None, now: Instant
    ) -> Settlement | None:
        """What is to be recorded in place of a look-up: what a worker had begun, or a job's end."""
        if attempt := interruption(job, record, now) or self._follows.adoption(job, now.wall):
            again = Checking(check_at=now.wall, reason=attempt.message)
            return Settlement(job=job, verdict=again, attempt=attempt)
        if job.interruptions > self._retry_policy.max_interruptions:
            verdict = Failed(reason=interrupted_too_often(job.interruptions))
            failed = lookup_record(poster, None, verdict, now, now)
            return Settlement(job=job, verdict=verdict, attempt=failed)
        return None

    def _results(
        self,
        job: Job,
        poster: Poster,
        record: Pacing | None,
        credential: str,
        found: Found,
        started: Instant,
        ended: Instant,
    ) -> Iterator[Settlement | PacingUpdate]:
        policy = self._pacing_policy.of(job.asked)
        may_post = pacing.until_post(record, ended, policy) <= 0
        verdict = after_lookup(job, found, ended.wall, self._retry_policy, may_post=may_post)
        attempt = lookup_record(poster, found, verdict, started, ended)
        settlement = Settlement(job=job, verdict=verdict, attempt=attempt)
        if isinstance(found, Unanswered) and must_persist_backoff(found):
            after = recording.after_lookup(
                record, poster.account, found, ended, credential, self._pacing_policy
            )
            yield PacingUpdate(record=after, expect=record, outcome=found, now=ended)
        yield settlement
        if isinstance(found, Posted) and found.created and record and _is_begun(record, job):
            after = recording.created_at(record, found.created, ended)
            yield PacingUpdate(record=after, expect=record, outcome=found, now=ended)


def _is_begun(record: Pacing, job: Job) -> bool:
    """Whether this account's worker died in its attempt at this job."""
    return record.job == job.id and record.max_remaining > 0
