"""Posts: one attempt at one job, and whose fault it is if that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from comenq_core.errors import ComenqError, PacingConflict
from comenq_core.model import (
    Done,
    Failed,
    Fault,
    Instant,
    Job,
    Outcome,
    Pacing,
    Refused,
    Requeued,
    Skipped,
    Unavailable,
    Verdict,
)
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.recording import after_attempt, must_persist_backoff
from comenq_core.policy.refusals import accounts_left, booked, is_unclear
from comenq_core.policy.retry import RetryPolicy, decide
from comenq_core.protocols import CredentialGuard, Poster
from comenq_core.worker.attempts import attempt_post, attempt_record
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.results import PacingUpdate, Results, Settlement

__all__ = ["Begun", "Posting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An attempt that is announced.

    Args:
        job: what is posted.
        poster: by whom.
        record: the account's record, which announces it.
        credential: the fingerprint of the account's credential.
        serving: the names of the accounts that may post the job.
        started: when it began.
    """

    job: Job
    poster: Poster
    record: Pacing
    credential: str
    serving: Sequence[str]
    started: Instant


class Posting:
    """Makes attempts.

    Args:
        records: the accounts' pacing records.
        lanes: those that the store keeps.
        serving: the names of the accounts that may post a job.
        pacing_policy: how far apart an account's posts are.
        retry_policy: when a job fails.
        now: the store's clock.
        calls: of the posters.
        posters: all of them, of which none lets its credential be posted.
    """

    def __init__(
        self,
        records: PacingRecords,
        lanes: Lanes,
        serving: Callable[[Job], Sequence[str]],
        pacing_policy: PacingPolicy,
        retry_policy: RetryPolicy,
        now: Callable[[], Instant],
        calls: PosterCalls,
        posters: Sequence[Poster],
    ) -> None:
        self._records = records
        self._lanes = lanes
        self._serving = serving
        self._pacing_policy = pacing_policy
        self._retry_policy = retry_policy
        self._now = now
        self._calls = calls
        self._guards = [one for one in posters if isinstance(one, CredentialGuard)]

    def credential(self, poster: Poster) -> str:
        """The fingerprint of an account's credential, for `begin`, which may be in a transaction.

        The other posters are asked as well: a command that prints a token may take long, and does
        not run again for a while, so that `begin` finds out quickly what a comment gives away.

        Raises:
            ComenqError: it cannot be had.
        """
        for other in self._guards:
            if other.account != poster.account:
                with suppress(ComenqError):  # It is told when that account is to post.
                    self._calls.credential(other)
        return self._calls.credential(poster)

    def begin(self, job: Job, poster: Poster, credential: str, login: str) -> Begun | Results:
        """Announce the attempt at a claimed job; if there is to be none, return what is instead.

        Args:
            credential: the fingerprint of the account's credential, as it is just now.
            login: the account's name at the forge, where it is known.

        Raises:
            StoreError: the attempt could not be announced.
        """
        serving, started = self._serving(job), self._now()
        if reason := _too_late(job, started.wall):
            return self._over(job, poster.account, Skipped(message=reason), Done(reason=reason))
        if reason := self._leak(job):
            return self.refuse(job, poster.account, reason)
        try:
            self._lanes.announce(job, poster.account, started)
            record = self._records.announce(poster.account, job, login, started)
        except PacingConflict as error:
            return self.give_up(job, poster.account, error)
        return Begun(
            job=job,
            poster=poster,
            record=record,
            credential=credential,
            serving=serving,
            started=started,
        )

    def give_up(self, job: Job, account: str, error: PacingConflict) -> Results:
        """Give a claimed job its place in the queue again: another worker was faster."""
        now = self._now()
        unsent = Unavailable(message=str(error))
        attempt = attempt_record(Pacing(account=account, at=now), unsent, now, now)
        requeued = Settlement(job=job, verdict=Requeued(reason=str(error)), attempt=attempt)
        return [requeued, *self._lanes.after(unsent, now)]

    def post(self, attempted: Begun) -> Results:
        """Post a job whose attempt is announced, and durable."""
        job, poster, begun = attempted.job, attempted.poster, attempted.record
        started, serving = attempted.started, attempted.serving
        credential = attempted.credential
        limit = self._pacing_policy.attempt_limit
        outcome, ended = attempt_post(self._calls, poster, job, started, self._now, limit)
        after = after_attempt(begun, outcome, ended, credential, self._pacing_policy)
        left = _accounts_left(job, poster, outcome, serving)
        updates = [PacingUpdate(record=after, expect=begun, outcome=outcome, now=ended)]
        verdict: Verdict = Requeued(reason=f"{outcome.message}; {' or '.join(left)} is tried next")
        if not left:
            verdict = decide(job, poster.account, outcome, ended.wall, self._retry_policy)
            updates = self._booked(updates[0], job, serving)
        attempt = attempt_record(begun, outcome, started, ended)
        settlement = Settlement(job=job, verdict=verdict, attempt=attempt)
        # First what a crash between the two must not lose: the forge's demand, or the receipt.
        if must_persist_backoff(outcome):
            return [*updates, settlement, *self._lanes.after(outcome, ended)]
        return [settlement, *updates, *self._lanes.after(outcome, ended)]

    def _leak(self, job: Job) -> str:
        """Why a comment must not be posted that gives the daemon's own token away."""
        for guard in self._guards:
            account = guard.account
            body = job.asked.body
            found = self._calls.answer("reveals", partial(guard.reveals, body), account=account)
            if found is True:
                return (
                    f"it has the token of the account {account} in it, and is never posted; replace"
                    " that token, since others may have read it here"
                )
        return ""

    def refuse(self, job: Job, account: str, reason: str) -> Results:
        """Fail a claimed job without an attempt."""
        return self._over(job, account, Refused(message=reason), Failed(reason=reason))

    def _over(self, job: Job, account: str, outcome: Outcome, verdict: Verdict) -> Results:
        """Settle a claimed job without an attempt."""
        now = self._now()
        attempt = attempt_record(Pacing(account=account, at=now), outcome, now, now)
        return [Settlement(job=job, verdict=verdict, attempt=attempt)]

    def _booked(self, update: PacingUpdate, job: Job, serving: Sequence[str]) -> list[PacingUpdate]:
        """The updates of all accounts that have refused a job in unclear words, with that booked.

        A missing permission is booked on each account that serves the job, since all were asked.
        """
        outcome, mine = update.outcome, update.record
        if not isinstance(outcome, Refused) or not is_unclear(outcome):
            return [update]
        known = self._records.known
        names = serving if outcome.fault is Fault.ACCOUNT else ()
        records = [(mine, update.expect)]
        records += [(known[n], known[n]) for n in names if n in known and n != mine.account]
        return [
            PacingUpdate(
                record=booked(record, job, outcome.message),
                expect=expect,
                outcome=outcome,
                now=update.now,
            )
            for record, expect in records
        ]


def _too_late(job: Job, now: datetime) -> str:
    """Why a job is skipped whose turn has come too late; ``""`` if it has not."""
    latest = job.asked.not_after
    if latest is None or now <= latest:
        return ""
    return f"its turn came too late: not_after was {latest.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _accounts_left(
    job: Job, poster: Poster, outcome: Outcome, serving: Sequence[str]
) -> Sequence[str]:
    """The accounts to try next, where a refusal may be due to this one's reach alone."""
    if isinstance(outcome, Refused) and outcome.fault in {Fault.PULL_REQUEST, Fault.ACCOUNT}:
        return accounts_left(job, poster.account, serving)
    return ()
