"""What a conclusion makes of a trigger's job and of its lane. Pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum, auto

from comenq_core.model import (
    OUTCOME_WORDS,
    Answered,
    Attempt,
    Conclusion,
    Ending,
    Follow,
    Job,
    LaneRecord,
    Posted,
    State,
)
from comenq_core.policy.following import may_next_go
from comenq_core.policy.spacing import after_refusal, after_review

__all__ = [
    "ADOPTED",
    "ANSWERED",
    "Standing",
    "adoption",
    "answer_to",
    "concluded",
    "held",
    "is_closing",
    "is_refusal",
    "refusals_before",
    "standing",
    "trigger_key",
]

ADOPTED = "adopted"
"""The outcome of the attempt that records which comment of somebody else's is followed."""
ANSWERED = "answered"
"""The outcome of the attempt that has the answer to a trigger."""

_POSTED = OUTCOME_WORDS[Posted]
_UNSETTLED = (State.POSTING, State.CHECKING, State.UNCONFIRMED)

_LINES = {
    Ending.REVIEWED: "{name} has reviewed",
    Ending.SKIPPED: "{name} does not review this pull request",
    Ending.LIMITED: "{name} is limited {until}: asked again after that",
    Ending.BLOCKED: "{name} is limited {until}, which is too long to wait by itself: run"
    " comenq reviewers release",
    Ending.FAILED: "{name} has begun, and could not finish",
    Ending.UNANSWERED: "{name} has not answered",
    Ending.UNREVIEWED: "{name} has not reviewed",
    Ending.NOT_UNDERSTOOD: "{name} has answered something that is not understood",
}


_UNTIL_PAID = "until its billing period ends or somebody pays"


class Standing(Enum):
    """What is to be done about a follow, as its job is now."""

    OVER = auto()
    """Nothing any more: it is deleted."""
    UNSURE = auto()
    """Nothing yet: whether the trigger was posted is not known."""
    AWAITING = auto()
    """The forge is asked for the answer."""


def standing(follow: Follow, job: Job | None) -> Standing:
    """What is to be done about a follow.

    Args:
        follow: what is kept of the job's trigger.
        job: the job as it is now; ``None`` if it is gone.
    """
    if job is None:
        return Standing.OVER
    if job.state in _UNSETTLED:
        return Standing.UNSURE
    waits = job.state in (State.WAITING, State.HELD)
    return Standing.AWAITING if (waits if follow.adopted else job.is_awaiting) else Standing.OVER


def is_closing(follow: Follow, job: Job | None) -> bool:
    """Whether nothing may be posted in the follow's lane because of it."""
    if job is not None and job.state is State.UNCONFIRMED:
        return False  # A person decides about it, perhaps in days.
    match standing(follow, job):
        case Standing.OVER:
            return False
        case Standing.UNSURE:
            return True
    return bool(follow.adopted) or follow.following is None or not may_next_go(follow.following)


def adoption(follow: Follow, job: Job, now: datetime) -> Attempt | None:
    """What the job's record lacks of somebody else's trigger that is followed, if it lacks it.

    A worker has died before it could record that, and the same trigger would be followed again.
    """
    if follow.adopted_id is None or follow.adopted_id in job.comment_ids:
        return None
    return Attempt(
        started=now, ended=now, account=follow.account, outcome=ADOPTED,
        message=f"somebody else has asked: {follow.adopted}", comment_id=follow.adopted_id,
    )  # fmt: skip


def trigger_key(job: Job) -> str:
    """What names the latest trigger that was posted for a job."""
    return f"{job.id}:{job.trigger_count}"


def refusals_before(record: LaneRecord, key: str) -> int:
    """How many refusals in a row have named no time before the answer to this trigger."""
    return max(0, record.in_a_row - (record.concluded == key))


def is_refusal(conclusion: Conclusion) -> bool:
    """Whether a limit of the reviewer is the reason."""
    return conclusion.ending in (Ending.LIMITED, Ending.BLOCKED)


def held(record: LaneRecord, until: datetime, reason: str) -> LaneRecord:
    """The lane's record once the reviewer has said that it is limited; no hold gets shorter."""
    if record.held_until and record.held_until >= until:
        return record
    return replace(record, held_until=until, reason=reason)


def concluded(record: LaneRecord, key: str, conclusion: Conclusion, posted: datetime) -> LaneRecord:
    """The lane's record once the answer to a trigger is known; the same if it counts already.

    Args:
        record: the lane's record.
        key: the `trigger_key`; ``""`` of somebody else's trigger, which counts nowhere.
        conclusion: the answer.
        posted: when the trigger was posted.
    """
    if key and record.concluded == key:
        return record
    after = record
    if is_refusal(conclusion) and conclusion.until:
        after = held(after, conclusion.until, conclusion.reason)
    if conclusion.ending is Ending.BLOCKED:
        after = replace(after, is_blocked=True, reason=conclusion.reason)
    if not key:
        return after
    after = replace(after, triggers=after.triggers + 1, concluded=key)
    if conclusion.ending is Ending.REVIEWED:
        after = replace(after, reviewed=after.reviewed + 1, in_a_row=0)
        return after_review(after, posted)
    if is_refusal(conclusion):
        in_a_row = after.in_a_row + 1 if conclusion.is_guessed else 0
        after = replace(after, refused=after.refused + 1, in_a_row=in_a_row)
        return after_refusal(after, posted, conclusion.until) if conclusion.until else after
    return after


def answer_to(
    job: Job, name: str, conclusion: Conclusion, max_triggers: int, *, adopted: str = ""
) -> Answered | None:
    """What becomes of a job; ``None`` if it simply waits on.

    Args:
        job: the trigger's job.
        name: the reviewer's.
        conclusion: the answer.
        max_triggers: how many triggers may be posted for one job.
        adopted: the address of somebody else's trigger that was followed in place of the job's own.
    """
    count = job.trigger_count
    if adopted and conclusion.ending is not Ending.REVIEWED:
        return None
    if adopted:
        line = f"{name} has reviewed after somebody else's comment {adopted}: not posted itself"
        return Answered(conclusion=conclusion, triggers=count, reason=line, reviewer=name)
    if not is_refusal(conclusion):
        return Answered(conclusion=conclusion, triggers=count, reason=_line(name, conclusion))
    if count < max_triggers:
        return Answered(
            conclusion=conclusion, triggers=count, again=True, reason=_line(name, conclusion)
        )
    last = replace(conclusion, ending=Ending.UNREVIEWED)
    asked = f"{name} has refused {count} times"
    return Answered(conclusion=last, triggers=count, reason=_with_said(asked, conclusion))


def answer_attempt(
    answer: Answered, account: str, now: datetime, comment_id: int | str | None = None
) -> Attempt:
    """The answer, as the job's record keeps it."""
    return Attempt(
        started=now, ended=now, account=account, outcome=ANSWERED, message=answer.reason,
        comment_id=comment_id,
    )  # fmt: skip


def _line(name: str, conclusion: Conclusion) -> str:
    until = _UNTIL_PAID
    if conclusion.until:
        until = f"until {conclusion.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    guessed = f"{until} (a guess)" if conclusion.is_guessed else until
    return _with_said(_LINES[conclusion.ending].format(name=name, until=guessed), conclusion)


def _with_said(line: str, conclusion: Conclusion) -> str:
    parts: Sequence[str] = (conclusion.reason, conclusion.url)
    said = " ".join(part for part in parts if part)
    return f"{line}: {said}" if said else line
