"""What the pacing records say of the posting accounts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comenq_core.model import Account, Cause, Instant, Job, Pacing
from comenq_core.model.serving import serving
from comenq_core.policy.pacing import PacingPolicy, until_request, until_turn
from comenq_core.policy.timetable import until_free

__all__ = ["PostingAccounts", "accounts"]

_ENDS_WITH_THE_WAIT = frozenset({Cause.RATE_LIMITED, Cause.UNREACHABLE})
"""The others end once the forge has answered a question as it should."""


def accounts(
    records: Mapping[str, Pacing], now: Instant, policy: PacingPolicy
) -> tuple[Account, ...]:
    """The accounts as the status shows them, each from its record."""
    return tuple(
        _account(record, until_turn(name, record.login, records, now, policy), now)
        for name, record in records.items()
    )


def _account(record: Pacing, wait: float, now: Instant) -> Account:
    return Account(
        name=record.account,
        post_in=wait,
        reason=record.reason if wait else "",
        cause=_cause(record, now),
        login=record.login,
        posts=record.posts,
    )


def _cause(record: Pacing, now: Instant) -> str:
    """Why the account backs off: a word of `Cause`, or ``""`` if it does not."""
    # Earlier versions have recorded no cause.
    cause = record.cause or (Cause.UNAUTHORIZED if record.rejected_credential else "")
    if cause in _ENDS_WITH_THE_WAIT and until_request(record, now) <= 0:
        return ""
    return cause


def _is_usable(record: Pacing, now: Instant) -> bool:
    """Whether the account posts as soon as its wait is over, as far as anybody knows."""
    return _cause(record, now) not in {Cause.UNAUTHORIZED, Cause.BLOCKED}


class PostingAccounts:
    """The posting accounts; those that have one login at the forge count as one.

    Args:
        patterns: the accounts and their repositories, where they are known.
        records: the pacing records, by account.
    """

    def __init__(
        self, patterns: Mapping[str, Sequence[str]], records: Mapping[str, Pacing]
    ) -> None:
        # Where nothing is known, there is one, and it may post.
        self._patterns: Mapping[str, Sequence[str]] = (
            patterns or dict.fromkeys(records, ()) or {"": ()}
        )
        self._records = records

    def of(self, job: Job) -> Sequence[str]:
        """The names of those that may post a job; all of them, if it is not known which."""
        names = serving(job.request, self._patterns) if job.request else ()
        return [self._name(account) for account in names or self._patterns]

    @property
    def by_account(self) -> Mapping[str, str]:
        """The name of each."""
        return {account: self._name(account) for account in self._patterns}

    @property
    def names(self) -> Sequence[str]:
        """The names of all."""
        return [self._name(account) for account in self._patterns]

    def differ_for(self, jobs: Sequence[Job]) -> bool:
        """Whether it matters who may post a job: an account is for some repositories only."""
        is_wanted = any(job.request and job.request.account for job in jobs)
        return len(self._patterns) > 1 and (is_wanted or any(self._patterns.values()))

    def free(self, now: Instant, policy: PacingPolicy) -> Mapping[str, float]:
        """In about how many seconds each may post; without those that first need a person."""
        free: dict[str, float] = {}
        for account in self._patterns:
            record = self._records.get(account)
            if record is None or _is_usable(record, now):
                name, wait = self._name(account), until_free(account, self._records, now, policy)
                free[name] = min(wait, free.get(name, wait))
        return free

    def _name(self, account: str) -> str:
        record = self._records.get(account)
        return f"@{record.login.lower()}" if record and record.login else account
