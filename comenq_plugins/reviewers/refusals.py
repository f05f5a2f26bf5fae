"""Does an answer look like a refusal, whoever wrote it? Pure.

A refusal in unknown words must be taken neither for a limit nor for a review. A finding that is
taken for a refusal costs less: a person reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from comenq_core.model import Channel
from comenq_plugins.reviewers.lines import Line, is_alert
from comenq_plugins.reviewers.phrases import Phrase

__all__ = ["is_finding", "refusal_in"]

REVIEW_LINES = 3
"""Lines of a review in which a refusal is looked for: findings follow."""

_CANNOT = (
    "{unable|not able|failed|couldn't|could not|can't|cannot|can not|won't|will not|didn't|did not"
    "|hasn't|has not|haven't|have not|wasn't|was not|isn't|is not}"
)
_REVIEW = "{review|start|run|complete|process|perform|finish|look at|analyze|analyse}"
_EVERYWHERE = [
    Phrase(text)
    for text in (
        (
            f"{{words}}{_CANNOT} {{to |be |been |yet |get |able to |}}{_REVIEW}{{ed|d|ing|}}"
            " {this|the|your|any|these}{words}"
        ),
        f"{{name}} {_CANNOT} {{to |be |been |yet |get |able to |}}{_REVIEW}{{ed|d|ing|}}{{words}}",
        "{sorry|apologies|unfortunately}{words}",
        "{name} {has|have} {already |}{reached|exceeded|used all|used up|run out|no}{words}",
        "{please |}upgrade {to|your}{words}",
        "{words}encountered an error{words}",
        "{words}something went wrong{words}",
        (
            "{no|out of|insufficient|not enough} {review |usage |more |remaining |}{credits|quota"
            "|reviews|seats|allowance}{words}"
        ),
        (
            "{pr |code |pull request |full |included |}review{s|} {was |were |is |are |has been "
            "|have been |}{currently |temporarily |}{not|skipped|failed|unavailable|limited|blocked"
            "|disabled|suspended|rejected|cancelled|canceled|declined|deferred|postponed|denied"
            "|aborted|throttled|stopped|on hold|rate limited|rate-limited|used}{words}"
        ),
        "{review|reviews|rate|usage|quota|credit} {rate |usage |}limit{s|} {reached|exceeded|hit}",
        "{next|your next|more} {included |}review{s|} {will be |}available{words}",
        "action{s|} {not|failed|skipped|rejected}{words}",
    )
]
_NOT_IN_REVIEWS = [
    Phrase(text)
    for text in (
        f"{_CANNOT}{{words}}",
        (
            "{i|we} {am unable|are unable|cannot|can't|could not|couldn't|won't|didn't|did not"
            "|will not}{words}"
        ),
        "{please |}{try again|wait}{words}",
        "{words}review{s|} {will be |}available {again |}{in|after|at|on} {words}",
        "{next|your next} {included |}review{words}",
        "{rate|usage|quota} limit{words}",
        (
            "{too many|skipping|skipped|throttled|slow down|rate limited|rate-limited|suspended"
            "|deactivated|forbidden|unauthorized|access denied|permission denied|api error}{words}"
        ),
        "an {error|unexpected error|internal error} {occurred|happened}{words}",
        "{error|internal error|billing issue}{words}",
        (
            "{not reviewed|no review|no reviews|your subscription|trial expired|payment required"
            "|request timed out|timed out|service unavailable}{words}"
        ),
        "{words}{too large|too big} {to|for} {words}",
        "{words}could not be {completed|finished|started|performed|reviewed}{words}",
        "{words}{is|are} {currently |temporarily |}{overloaded|paused|not enabled|busy}{words}",
        "you {have|need} {no|0|to connect|to add|to upgrade|to enable} {words}",
        "{name} does not have {words}",
        "{words}come back {later|in|tomorrow|next}{words}",
    )
]
"""What begins a finding as well, where a review has findings."""

_QUOTA = re.compile(
    r"\b(limits?|limited|quotas?|credits?|allowance|trial|billing|subscription|plan|seats?|licen[cs]e"
    r"|reviews|workspace|account)\b"
)
_GONE = re.compile(
    r"\b(reached|exceeded|exhausted|runs? out|ran out|expired|used up|used all|unavailable"
    r"|not available|suspended|deactivated|disabled|too low|insufficient|ha(s|ve) ended"
    r"|(is|are) (rate.)?limited|throttled|depleted|blocked|hit (your|the|its|their)|no more"
    r"|no \w+ left|over (its|your|the|their)|not included|does not include)\b"
)
_WHOSE = re.compile(
    r"\b(you|you've|your|we've|we|team|organi[sz]ation|workspace|account|repository|@[\w-]+)\b"
)


_ABOUT_REVIEWS = re.compile(
    r"\b(reviews?|reviewed|reviewing|pull request|plan|subscription|seats?|credits?|billing|trial"
    r"|paid|payment|support|account|organi[sz]ation|repository|limit(s|ed)?|quota|overloaded"
    r"|timed out|unavailable|demand|queued|try again|retry|expired|error|unable|failed)\b"
)


_CODE = re.compile(
    r"```|~~~|!\[|`[^`@/\s][^`\n]{0,300}`"  # code or a badge, and no mention and no command
    r"|\b\w{1,60}\.[a-z]{1,5}:[0-9]|\blines? [0-9]|\w\(\)",
    re.IGNORECASE,
)
_OF_THE_SERVICE = re.compile(
    r"\b(tokens?|funds|budget|spent|capacity|busy|invoice|[45][0-9]{2}|too (many|large|big|long)"
    r"|time-?out|cancell?ed|aborted|(can't|cannot|can not|couldn't|could not) help|sorry|exceeds?"
    r"|granted|approval|access|in progress|working on|looking (at|into)|queued|waiting|started"
    r"|no (changes|files|diff)|nothing|tomorrow|(in|for) (an?|[0-9]+) (second|minute|hour|day)s?)\b"
)


def is_finding(text: str, lines: Sequence[Line]) -> bool:
    """Whether the text of a review, whatever its words, is about the code.

    A few words about reviews, or words about a service without any code, can be a refusal in words
    that nobody knows.

    Args:
        text: as it was written.
        lines: those of it that are its author's own word.
    """
    if len(lines) <= REVIEW_LINES and any(_ABOUT_REVIEWS.search(one.folded) for one in lines):
        return False
    return bool(_CODE.search(text)) or not any(_OF_THE_SERVICE.search(one.folded) for one in lines)


def refusal_in(head: Sequence[Line], channel: Channel) -> Line | None:
    """The line of the head that looks like a refusal, if there is one."""
    is_review = channel is Channel.REVIEW
    phrases = _EVERYWHERE if is_review else [*_EVERYWHERE, *_NOT_IN_REVIEWS]
    for line in head[:REVIEW_LINES] if is_review else head:
        is_of_quota = _QUOTA.search(line.folded) and _GONE.search(line.folded)
        if is_of_quota and (not is_review or _WHOSE.search(line.folded)):
            return line
        if any(phrase.begins(line.folded) for phrase in phrases):
            return line
    for line, following in pairwise(head):
        if is_alert(line) and line.folded not in {"[!note]", "[!tip]"}:
            return following
    return None
