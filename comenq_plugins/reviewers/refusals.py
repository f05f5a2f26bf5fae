"""Does an answer look like a refusal, whoever wrote it? Pure.

A refusal in unknown words must be taken neither for a limit nor for a review.
"""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.model import Channel
from comenq_plugins.reviewers.lines import Line
from comenq_plugins.reviewers.phrases import Phrase

__all__ = ["refusal_in"]

_ALERTS = {"[!warning]", "[!important]", "[!caution]"}

_EVERYWHERE = [
    Phrase(text)
    for text in (
        "{words}{unable|not able} to {review|start|run|complete|process|perform|finish}{words}",
        "{words}{couldn't|could not|can't|cannot|can not|won't|will not|didn't|did not|hasn't"
        "|has not|haven't|have not|wasn't|was not|isn't|is not}"
        " {be |been |yet |get |}{review|reviewed|reviewing|start|started|run|complete|completed"
        "|process|processed|perform|performed|finish}{d|} {this|the|your|any}{words}",
        "{sorry|apologies|unfortunately}{words}",
        "{you|your organization|your team|your workspace|this repository|this organization"
        "|this reviewer|this account}{ have|'ve| has|} {already |}{reached|exceeded|hit|used"
        "|exhausted|run out|no more|ran out|consumed}{words}",
        "{name} {has|have} {reached|exceeded|hit|used|exhausted|run out}{words}",
        "your {plan|quota|credit|credits|trial|subscription|allowance|free|monthly|weekly|daily"
        "|usage|account|license|seat|organization|workspace|team} {words}"
        "{reached|exceeded|exhausted|expired|used up|ended|depleted|insufficient|does not|doesn't"
        "|is not|isn't|run out}{words}",
        "{review|reviews|rate|usage|quota|request|plan|weekly|daily|monthly|hourly|credit|included"
        "|account|api|session} {rate |usage |review |}{limit|limits|quota} {reached|exceeded|hit"
        "|exhausted}{words}",
        "{limit|quota|credits|allowance} {reached|exceeded|exhausted|used up}{words}",
        "{please |}upgrade {to|your}{words}",
        "{no|out of|insufficient|not enough} {review |usage |more |remaining |}{credits|quota"
        "|reviews|seats|allowance}{words}",
        "{words}encountered an error{words}",
        "{words}review{s|} {limit|quota} {reached|exceeded|hit}{words}",
        "{pr |code |pull request |full |}review{s|} {was |were |is |are |has been |have been |}"
        "{not|skipped|failed|unavailable|limited|blocked|disabled|suspended|rejected|cancelled"
        "|canceled|declined|deferred|postponed|denied|aborted|throttled|stopped|on hold"
        "|rate limited|rate-limited}{words}",
        "action{s|} {not|failed|skipped|rejected}{words}",
    )
]
_NOT_IN_REVIEWS = [
    Phrase(text)
    for text in (
        "{unable|not able|failed|cannot|can't|could not|couldn't}{words}",
        "{i|we} {cannot|can't|could not|couldn't|am unable|are unable|won't|did not|didn't"
        "|will not}{words}",
        "{please |}try again{words}",
        "please wait{words}",
        "{please |}wait {for |}{duration}{words}",
        "{words}{review|reviews} {will be |}available {again |}{in|after|at|on} {words}",
        "{rate|usage|quota} limit{words}",
        "{too many|skipping|skipped|throttled|slow down|rate limited|rate-limited|suspended"
        "|deactivated|forbidden|unauthorized|access denied|permission denied}{words}",
        "an error {occurred|happened}{words}",
        "{words}{is|are|was|were|has been} {disabled|deactivated|suspended|expired|rate limited"
        "|rate-limited|throttled|not enabled|not installed|not authorized}{words}",
        "to use {name} here{words}",
        "{words}limit {reached|exceeded|hit}{words}",
        "{words}come back {later|in|tomorrow}{words}",
    )
]
"""What begins a finding as well, where a review has findings."""


def refusal_in(head: Sequence[Line], channel: Channel) -> Line | None:
    """The line of the head that looks like a refusal, if there is one."""
    phrases = _EVERYWHERE if channel is Channel.REVIEW else [*_EVERYWHERE, *_NOT_IN_REVIEWS]
    for line in head:
        if any(phrase.begins(line.folded) for phrase in phrases):
            return line
    for line, following in zip(head, head[1:], strict=False):
        if line.folded in _ALERTS:
            return following
    return None
