"""Which account posts next, which looks up a job, and in how many seconds.

It reads no clock and waits for nothing; the worker does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from comenq_core.errors import ComenqError
from comenq_core.model import Instant, Job, Pacing
from comenq_core.policy import pacing
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import looked_up
from comenq_core.process.log import Log
from comenq_core.protocols import Poster

__all__ = ["AccountScheduler"]

log = Log("worker")


class AccountScheduler:
    """Chooses among posting accounts.

    Args:
        posters: one for each account, at least one.
        policy: how far apart an account's posts are.
    """

    def __init__(self, posters: Sequence[Poster], policy: PacingPolicy) -> None:
        self._posters = posters
        self._policy = policy
        self._unusable: dict[str, str] = {}
        self._unknown_accounts: set[str] = set()

    def next_poster(self, records: Mapping[str, Pacing], now: Instant) -> tuple[float, Poster]:
        """Which account may post first, the longest unused of several, and in how many seconds."""

        def turn(poster: Poster) -> tuple[float, float]:
            record = records.get(poster.account)
            used = record.at.wall.timestamp() if record else 0.0
            return self._until_turn(poster, record, now), used

        turns = [turn(poster) for poster in self._posters]
        first = turns.index(min(turns))
        return turns[first][0], self._posters[first]

    def _until_turn(self, poster: Poster, record: Pacing | None, now: Instant) -> float:
        if not self._is_usable(poster, record):
            return math.inf
        return pacing.until_post(record, now, self._policy)

    def renewed(self, records: Mapping[str, Pacing]) -> Sequence[Pacing]:
        """The records of accounts that have another credential than the rejected one."""
        return [
            record
            for poster in self._posters
            if (record := records.get(poster.account))
            and record.rejected_credential
            and self._is_usable(poster, record)
        ]

    def next_lookup(
        self, job: Job, records: Mapping[str, Pacing], now: Instant
    ) -> tuple[float, Poster]:
        """Which account is to look up a job, and in how many seconds it may."""
        poster = self._poster_of(job, records)
        if poster is None:
            return math.inf, self._posters[0]
        return self._until_lookup(job, poster, records.get(poster.account), now), poster

    def _until_lookup(self, job: Job, poster: Poster, record: Pacing | None, now: Instant) -> float:
        if not self._is_usable(poster, record):
            return math.inf
        due = (job.due - now.wall).total_seconds() if job.due else 0.0
        if job.attempts and now.wall < job.attempts[-1].ended:
            due = 0.0  # The clock was set back: it cannot tell how far off the due time is.
        cooldown_left = pacing.until_post(record, now, self._policy) if looked_up(job) else 0.0
        return max(0.0, due, cooldown_left, pacing.until_request(record, now))

    def _is_usable(self, poster: Poster, record: Pacing | None) -> bool:
        """Whether the account has a credential, and not the one that the forge rejected."""
        try:
            credential = poster.credential()
        except Exception as error:  # noqa: BLE001 -- a plugin may raise anything
            self._log_once(poster.account, _reason(error))
            return False
        self._unusable.pop(poster.account, None)
        return record is None or record.rejected_credential != credential

    def _log_once(self, account: str, reason: str) -> None:
        if self._unusable.get(account) != reason:
            self._unusable[account] = reason
            log.error("no_credential", "An account cannot post.", account=account, reason=reason)

    def _poster_of(self, job: Job, records: Mapping[str, Pacing]) -> Poster | None:
        """The account that attempted this job last: only there can its comment be found.

        ``None`` where it is not one of ours, but another machine's or an earlier configuration's.
        """
        account = _last_account(job, records)
        if account is None:
            return self._posters[0]
        ours = next((poster for poster in self._posters if poster.account == account), None)
        if ours is None and job.id not in self._unknown_accounts:
            self._unknown_accounts.add(job.id)
            log.warning("unknown_account", "A job can be looked up only by an account that is not"
                        " configured here, and waits for it.",
                        job=job.id, account=account)  # fmt: skip
        return ours


def _reason(error: Exception) -> str:
    # What is raised by accident may hold anything, a token for instance.
    is_ours = isinstance(error, ComenqError)
    return str(error) if is_ours else f"the poster failed: {type(error).__name__}"


def _last_account(job: Job, records: Mapping[str, Pacing]) -> str | None:
    attempts = [(attempt.ended, attempt.account) for attempt in job.attempts[-1:]]
    # A worker that died has left no attempt, but the record of the one that it began.
    attempts += [(r.at.wall, r.account) for r in records.values() if r.job == job.id]
    return max(attempts)[1] if attempts else None
