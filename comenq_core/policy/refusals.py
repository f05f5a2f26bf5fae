"""Whose fault is a refusal that nobody knows? Pure.

One comment that is refused in unclear words waits. Three in a row, refused in the same words,
are the account's fault: it waits and they keep their places, and one of them is tried an hour.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from comenq_core.model import OUTCOME_WORDS, Attempt, Cause, Fault, Job, Pacing, Refused
from comenq_core.policy.backoff import QUESTION_WAIT

__all__ = [
    "REFUSALS_LIMIT",
    "UNCLEAR",
    "accounts_left",
    "booked",
    "is_unclear",
    "refused_repositories",
    "was_refused",
    "was_refused_so",
]

REFUSALS_LIMIT = 3
"""Comments in a row, refused in the same unclear words, that are the account's fault."""

UNCLEAR = frozenset({Fault.UNCLEAR, Fault.ACCOUNT})
"""Whose fault a refusal is that may be the comment's or the account's."""
_ELSEWHERE = {Fault.PULL_REQUEST, Fault.ACCOUNT}
# Two answers in the same words differ in these: numbers, ids of requests, addresses.
_VARYING = re.compile(r"https?://\S+|\S*\d\S*")


def is_unclear(outcome: object) -> bool:
    """Whether a refusal may be the comment's fault or the account's."""
    return isinstance(outcome, Refused) and outcome.fault in UNCLEAR


def was_refused(job: Job) -> bool:
    """Whether a job was refused in unclear words before."""
    return any(attempt.fault in UNCLEAR for attempt in _refusals(job))


def was_refused_so(job: Job, account: str, message: str) -> bool:
    """Whether an account was refused a job in these words before."""
    said = _essence(message)
    before = [one for one in _refusals(job) if one.fault in UNCLEAR and one.account == account]
    return any(_essence(attempt.message) == said for attempt in before)


def accounts_left(job: Job, account: str, serving: Collection[str]) -> Sequence[str]:
    """The accounts that have not been told yet, in this round, that the target is not for them.

    Each account that serves a target is asked once before it counts as refused, since a
    credential that is of no use for it is answered as if it was not there.

    Args:
        job: the job as it was before its latest attempt.
        account: the one that was refused in the latest attempt; ``""`` if there was none.
        serving: all accounts that serve the job's target.
    """
    refused = [attempt.account for attempt in _refusals(job) if attempt.fault in _ELSEWHERE]
    counts = {name: [*refused, account].count(name) for name in serving}
    most = max(counts.values(), default=0)
    return [name for name in serving if counts[name] < most]


def booked(record: Pacing, job: Job, message: str) -> Pacing:
    """An account's record once a job was refused in unclear words by all that serve it."""
    said = _essence(message)
    before = record.refused_targets.split() if record.refusal == said else []
    refused = [*before, job.asked.target][-REFUSALS_LIMIT:]
    noted = replace(record, refusal=said, refused_targets=" ".join(refused))
    if len(refused) < REFUSALS_LIMIT:
        return replace(noted, cause="" if record.cause == Cause.REFUSALS else record.cause)
    reason = f"{REFUSALS_LIMIT} comments in a row were refused in the same words: {message}"
    return replace(noted, cause=Cause.REFUSALS, reason=reason, backoff=QUESTION_WAIT)


def refused_repositories(record: Pacing | None) -> Collection[str]:
    """The repositories, in lower case, for which the latest comments in a row were refused."""
    targets = record.refused_targets.lower().split() if record else []
    return {target.partition("#")[0] for target in targets}


def _refusals(job: Job) -> Iterator[Attempt]:
    return (attempt for attempt in job.attempts if attempt.outcome == OUTCOME_WORDS[Refused])


def _essence(message: str) -> str:
    return " ".join(_VARYING.sub("", message.lower()).split())
