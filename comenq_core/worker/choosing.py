"""Which job an account takes next. Pure: predicates for `comenq_core.protocols.JobWorker.claim`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from comenq_core.model import (
    OUTCOME_WORDS,
    REPLIES,
    Blocked,
    Cause,
    Fault,
    Job,
    Lane,
    Pacing,
)
from comenq_core.model.transitions import AMBIGUOUS
from comenq_core.policy.refusals import accounts_left, refused_repositories, was_refused

__all__ = ["preferences"]

_BLOCKED = OUTCOME_WORDS[Blocked]

Suits = Callable[[Job], bool]


def preferences(
    account: str,
    record: Pacing | None,
    serving: Callable[[Job], Sequence[str]],
    checked: Collection[str],
    closed: Collection[Lane] = (),
) -> Iterator[Suits]:
    """What the account's next job has to be: the first that is met by any job decides.

    After a refusal in unclear words, a comment for another repository comes first: it tells
    whether the repository or the account is to blame. When that is known to be the account, one of
    the refused comments is the test of whether it still is. In the same way, every other time that
    posts in a row have no known answer, one follows that was not tried yet: it tells whether the
    comment or the service is to blame.

    Args:
        account: the account.
        record: its pacing record.
        serving: the accounts that may post a job.
        checked: pull requests, in lower case, of which a comment is being checked: a later one
            must not come before it.
        closed: the lanes of the account's own pace, of replies and of other comments, in which it
            has to wait.
    """

    def suits(job: Job) -> bool:
        if job.asked.target.lower() in checked:
            return False
        if (Lane() if job.asked.in_reply_to is None else REPLIES) in closed:
            return False
        names = serving(job)
        # A job that no account serves is taken by anyone, to fail with that reason.
        return not names or account in (accounts_left(job, "", names) or names)

    refused = refused_repositories(record)
    if record and record.cause == Cause.REFUSALS:
        yield lambda job: was_refused(job) and suits(job)
    elif refused:
        yield lambda job: job.asked.repository not in refused and suits(job)
    elif record and record.unanswered % 2:
        yield lambda job: not _was_ambiguous(job) and suits(job)
    # What a filter on the way does not let through, for its text perhaps, does not stop the others.
    yield lambda job: not _was_blocked(job) and suits(job)
    yield suits


def _was_ambiguous(job: Job) -> bool:
    """Whether an attempt at a job had no known answer."""
    return any(attempt.outcome in AMBIGUOUS for attempt in job.attempts)


def _was_blocked(job: Job) -> bool:
    """Whether something between comenq and the forge has answered the latest attempt."""
    latest = job.attempts[-1:]
    return any(one.outcome == _BLOCKED and one.fault == Fault.ROUTE for one in latest)
