"""Which account posts next, which looks up a job, and in how many seconds.

It waits for nothing; the worker does.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial

from comenq_core.errors import ComenqError
from comenq_core.model import REPLIES, Cause, Instant, Job, Lane, Pacing
from comenq_core.model.serving import CANNOT_REPLY, elsewhere, unserved
from comenq_core.policy import pacing
from comenq_core.policy.backoff import renewal_wait
from comenq_core.policy.pacing import PacingPolicy, elapsed
from comenq_core.policy.retry import is_before_last_attempt, is_final_next
from comenq_core.process.log import Log
from comenq_core.protocols import CredentialHolder, Poster, Selective, ThreadReplier
from comenq_core.worker.calls import PosterCalls

__all__ = ["AccountScheduler", "Logins"]

Logins = Mapping[str, str]
"""Each account's name at the forge, where it is known."""

log = Log("worker")


class AccountScheduler:
    """Chooses among posting accounts.

    Args:
        posters: one for each account, at least one.
        policy: how far apart an account's posts are.
        accounts: their repositories, as patterns, for the reason why none serves a job.
        calls: of the posters.
        host: the forge's host; ``""`` if nobody knows it.
    """

    def __init__(
        self,
        posters: Sequence[Poster],
        policy: PacingPolicy,
        accounts: Mapping[str, Sequence[str]],
        calls: PosterCalls,
        host: str,
    ) -> None:
        self._posters = posters
        self._policy = policy
        self._accounts = accounts
        self._calls = calls
        self._host = host
        self._unusable: dict[str, str] = {}
        self._unknown_accounts: set[str] = set()

    @property
    def fault(self) -> str:
        """Which accounts have no credential to use, and why; ``""`` if each has one."""
        faults = (f"{name} cannot post: {why}" for name, why in self._unusable.items() if why)
        return "; ".join(faults)

    def next_posters(
        self,
        records: Mapping[str, Pacing],
        logins: Logins,
        now: Instant,
        lanes: Collection[Lane],
    ) -> Sequence[tuple[float, Poster]]:
        """In how many seconds which account may post, the longest unused of several first.

        Args:
            lanes: those in which a comment waits, as `until_turn` has them.
        """

        def wait_and_use(poster: Poster) -> tuple[float, float]:
            record = records.get(poster.account)
            used = record.at.wall.timestamp() if record else 0.0
            waits = self.until_turn(poster, records, logins, now)
            return min(waits.get(lane, math.inf) for lane in lanes), used

        order = sorted((*wait_and_use(one), number) for number, one in enumerate(self._posters))
        return [(wait, self._posters[number]) for wait, _, number in order]

    def until_turn(
        self, poster: Poster, records: Mapping[str, Pacing], logins: Logins, now: Instant
    ) -> Mapping[Lane, float]:
        """Seconds until an account may post a reply, and until it may post another comment.

        Infinity while it has no credential. Where replies have no pace of their own, they are not
        told of.
        """
        policies = {Lane(): self._policy}
        if self._policy.reply_cooldown is not None:
            policies[REPLIES] = self._policy.of_replies
        if self._credential(poster) is None:
            return dict.fromkeys(policies, math.inf)
        login = logins.get(poster.account, "")
        return {
            lane: pacing.until_turn(poster.account, login, records, now, policy)
            for lane, policy in policies.items()
        }

    def renewed(self, records: Mapping[str, Pacing], now: Instant) -> Sequence[Pacing]:
        """The records of accounts that may use another credential than the rejected one."""
        return [
            record
            for poster in self._posters
            if (record := records.get(poster.account))
            and record.rejected_credential
            and self._credential(poster) not in {None, record.rejected_credential}
            and elapsed(record.at, now) >= renewal_wait(record.failures)
        ]

    def serving(self, job: Job) -> Sequence[str]:
        """The accounts that may post a job."""
        if elsewhere(job.asked, self._host):
            return []
        wanted = job.asked.account
        return [
            poster.account
            for poster in self._posters
            if wanted in {None, poster.account} and _is_able(poster, job)
            if self._serves(poster, job)
        ]

    def unserved(self, job: Job) -> str:
        """Why a job that no account serves fails."""
        reason = elsewhere(job.asked, self._host) or unserved(job.asked, self._accounts)
        if not reason and not any(_is_able(poster, job) for poster in self._posters):
            return CANNOT_REPLY
        return reason or f"no posting account here is for {job.asked.target}"

    def next_lookup(
        self, job: Job, records: Mapping[str, Pacing], now: Instant
    ) -> tuple[float, Poster]:
        """Which account is to look up a job, and in how many seconds it may."""
        poster = self._poster_of(job, records)
        if poster is None:
            return math.inf, self._posters[0]
        record = records.get(poster.account)
        if self._credential(poster) is None or _is_stopped(record):
            return math.inf, poster
        due = (job.due - now.wall).total_seconds() if job.due else 0.0
        if is_before_last_attempt(job, now.wall):
            due = 0.0
        policy = self._policy.of(job.asked)
        cooldown_left = pacing.until_post(record, now, policy) if is_final_next(job) else 0.0
        return max(0.0, due, cooldown_left, pacing.until_request(record, now)), poster

    def able_to_ask(
        self, job: Job, records: Mapping[str, Pacing], now: Instant
    ) -> Sequence[Poster]:
        """The accounts for a job that may ask the forge something now, in their order."""
        names = self.serving(job)
        return [
            poster
            for poster in self._posters
            if poster.account in names and self._may_ask(poster, records.get(poster.account), now)
        ]

    def _may_ask(self, poster: Poster, record: Pacing | None, now: Instant) -> bool:
        if _is_stopped(record) or pacing.must_ask(record) or pacing.until_request(record, now) > 0:
            return False
        return self._credential(poster) is not None and not self._unusable[poster.account]

    def clock_offset(self) -> timedelta | None:
        """How far the forge's clock is ahead of the machine's, if a poster knows."""
        offsets = map(self._calls.clock_offset, self._posters)
        return next((offset for offset in offsets if offset is not None), None)

    def _credential(self, poster: Poster) -> str | None:
        """The fingerprint of the account's credential, or ``None`` if it has none."""
        try:
            credential = self._calls.credential(poster)
        except ComenqError as error:
            self._tell_unusable(poster, str(error))
            return None
        self._tell_unusable(poster, self._credential_fault(poster))
        return credential

    def _credential_fault(self, poster: Poster) -> str:
        if not isinstance(poster, CredentialHolder):
            return ""
        ask = poster.credential_fault
        answer = self._calls.answer("credential_fault", ask, account=poster.account)
        return answer if isinstance(answer, str) else ""

    def _tell_unusable(self, poster: Poster, reason: str) -> None:
        """Log once why an account has no credential to use; ``""`` if it has one."""
        if reason and self._unusable.get(poster.account) != reason:
            log.error("no_credential", "An account cannot post.", account=poster.account,
                      reason=reason)  # fmt: skip
        self._unusable[poster.account] = reason

    def _serves(self, poster: Poster, job: Job) -> bool:
        """Whether an account is for a job. One whose plugin fails is asked to post, and tells."""
        if not isinstance(poster, Selective):
            return True
        ask = partial(poster.serves, job.asked)
        return bool(self._calls.answer("serves", ask, account=poster.account))

    def _poster_of(self, job: Job, records: Mapping[str, Pacing]) -> Poster | None:
        """The account that attempted this job last: only there can its comment be found.

        ``None`` where it is not one of ours, but another machine's or an earlier configuration's.
        """
        account = _last_account(job, records)
        if account is None:
            serving = self.serving(job) or [self._posters[0].account]
            return next(poster for poster in self._posters if poster.account in serving)
        ours = next((poster for poster in self._posters if poster.account == account), None)
        if ours is None and job.id not in self._unknown_accounts:
            self._unknown_accounts.add(job.id)
            log.warning("unknown_account", "A job can be looked up only by an account that is not"
                        " configured here, and waits for it.",
                        job=job.id, account=account)  # fmt: skip
        return ours


def _is_able(poster: Poster, job: Job) -> bool:
    return job.asked.in_reply_to is None or isinstance(poster, ThreadReplier)


def _is_stopped(record: Pacing | None) -> bool:
    """Whether the account asks its own question first."""
    return record is not None and (
        bool(record.rejected_credential) or record.cause in {Cause.UNAUTHORIZED, Cause.BLOCKED}
    )


def _last_account(job: Job, records: Mapping[str, Pacing]) -> str | None:
    # Of what a person has said, no account is on record.
    attempts = [(attempt.ended, attempt.account) for attempt in job.attempts if attempt.account][
        -1:
    ]
    # A worker that died has left no attempt, but the record of the one that it began.
    attempts += [(r.at.wall, r.account) for r in records.values() if r.job == job.id]
    return max(attempts)[1] if attempts else None
