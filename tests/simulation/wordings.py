"""What the simulated bot says: CodeRabbit's shapes of 2026, and words that nobody knows."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = [
    "ALREADY_REVIEWED",
    "FINDINGS",
    "IN_PROGRESS",
    "NOT_COMPLETED",
    "NOT_UNDERSTOOD",
    "TRIGGERED",
    "UNKNOWN",
    "WORDINGS",
    "clean",
    "duration",
]

_REPLY = "<!-- This is an auto-generated reply by CodeRabbit -->\n<details>\n<summary>"
_SUMMARY = "<!-- This is an auto-generated comment: summarize by coderabbit.ai -->\n"
_LIMITED = (
    f"{_SUMMARY}<!-- This is an auto-generated comment: rate limited by coderabbit.ai -->\n\n"
    "> [!WARNING]\n> ## "
)

TRIGGERED = f"{_REPLY}✅ Actions performed</summary>\n\nReview triggered.\n\n</details>"
NOT_COMPLETED = f"{_REPLY}⚠️ Action not completed</summary>\n\nReview rate limited.\n\n</details>"
NOT_UNDERSTOOD = f"{_REPLY}⚠️ Action not completed</summary>\n\nNo crew is free.\n\n</details>"
ALREADY_REVIEWED = (
    f"{_REPLY}⚠️ Action not completed</summary>\n\n"
    "Already reviewed the last commit. Use `@coderabbitai full review` to review all of it"
    " again.\n\n</details>"
)
IN_PROGRESS = (
    f"{_SUMMARY}<!-- This is an auto-generated comment: review in progress by coderabbit.ai -->\n\n"
    "> [!NOTE]\n> Currently processing new changes in this PR. This may take a few minutes, please"
    " wait..."
)
FINDINGS = "**Actionable comments posted: 2**\n\nCheck the index before it is used."


def clean(commit: str) -> str:
    """A review without findings: no review of the forge, but an edit that names the commit."""
    return (
        f"{_SUMMARY}<!-- recent_review_start -->\n\n"
        "No actionable comments were generated in the recent review. 🎉\n"
        f'<!-- change_assessment_commit:"{commit}" -->'
    )


def duration(seconds: float) -> str:
    """A wait as the bot says it, to the minute."""
    minutes = max(1, math.ceil(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    return " and ".join(f"{n} {name}{'s' if n > 1 else ''}" for n, name in parts if n)


def _exact(seconds: float) -> str:
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes} minutes and {rest} seconds"


def _first(seconds: float) -> str:
    return (
        f"{_LIMITED}Rate limit exceeded\n>\n> `@octocat` has exceeded the limit for the number of"
        f" commits that can be reviewed per hour. Please wait **{_exact(seconds)}** before"
        " requesting another review."
    )


def _second(seconds: float) -> str:
    return (
        f"{_LIMITED}Review limit reached\n>\n> `@octocat`, we couldn't start this review because"
        " you've reached your PR review rate limit.\n>\n> More reviews will be available in"
        f" {_exact(seconds)}."
    )


def _third(seconds: float) -> str:
    return (
        f"{_LIMITED}Review limit reached\n>\n> `@octocat`, you've reached your PR review limit, so"
        " we couldn't start this review.\n>\n> **Next review available in:**"
        f" **{duration(seconds)}**"
    )


def _fourth(seconds: float) -> str:
    return (
        f"{_LIMITED}Review limit reached\n>\n> **Next included review available in"
        f" {duration(seconds)}.**"
    )


def _unknown(seconds: float) -> str:
    return (
        f"{_SUMMARY}> [!WARNING]\n> ## Your crew is on a break\n>\n> We couldn't start this review."
        f" The crew is back on deck after {duration(seconds)} of rest."
    )


WORDINGS: tuple[Callable[[float], str], ...] = (_first, _second, _third, _fourth)
"""How a limit of so many seconds was said, the oldest wording first."""
UNKNOWN = _unknown
"""How it may be said next year."""
