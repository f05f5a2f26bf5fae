"""The tools that are offered, with all that an agent reads about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from comenq_core.cli.comenq.mcp import calls, schemas
from comenq_core.cli.comenq.mcp.bounds import Bounds
from comenq_core.cli.comenq.mcp.schemas import object_of
from comenq_core.cli.comenq.mcp.tool import Hints, Tool

__all__ = ["instructions", "offered"]

_CHANGES = {
    "first": "move it to the front of the queue",
    "last": "move it to the end of the queue",
    "hold": "keep it from being posted",
    "release": "let a held one be posted",
    "retry": "queue a failed one again",
}
_RELEASING = ("first", "release", "retry")
"""The changes that bring a comment nearer to its post."""
_READS = Hints(read_only=True, idempotent=True)


def offered(bounds: Bounds, *, has_reviewers: bool = True) -> Sequence[Tool]:
    """The tools within these bounds.

    Args:
        bounds: what a person lets the server do.
        has_reviewers: whether the daemon follows the answers of review bots.
    """
    changing = [] if bounds.is_read_only else _changing(bounds)
    return [*changing, *_READING, *([_GET_REVIEW] if has_reviewers else [])]


def _changing(bounds: Bounds) -> Sequence[Tool]:
    if not bounds.holds:
        return [*_QUEUEING, _change_comment(_CHANGES), _CANCEL]
    held = [
        replace(tool, description=f"{tool.description} It is held until a person releases it.")
        for tool in _QUEUEING
    ]
    kept = {one: does for one, does in _CHANGES.items() if one not in _RELEASING}
    # None of these brings a comment nearer to GitHub.
    return [*held, replace(_change_comment(kept), hints=Hints(idempotent=True)), _CANCEL]


_QUEUEING = (
    Tool(
        name="queue_comment",
        title="Queue a comment on a GitHub pull request",
        description=(
            "Queue a comment on a GitHub pull request. comenq posts it later, once, at a pace"
            " that GitHub and review bots accept, in minutes or hours. It is stored when this"
            " returns: do not wait for it, and do not queue it again. Use this instead of"
            " gh pr comment or GitHub's API, also to ask a review bot for a review. Give a key,"
            " and the same call again queues nothing twice; a changed comment needs a new key."
        ),
        hints=Hints(open_world=True),
        arguments=object_of(schemas.COMMENT_ARGUMENTS, ("owner", "repo", "pr_number", "body")),
        result=schemas.queued,
        run=calls.queue_comment,
    ),
    Tool(
        name="reply_to_review",
        title="Queue a reply in a GitHub review thread",
        description=(
            "Queue a reply to a comment of a review of a GitHub pull request, in the thread of"
            " that comment. Replies have a pace of their own, which is quicker than that of"
            " comments; all else is as for queue_comment."
        ),
        hints=Hints(open_world=True),
        arguments=object_of(
            {**schemas.COMMENT_ARGUMENTS, "in_reply_to": schemas.in_reply_to},
            ("owner", "repo", "pr_number", "body", "in_reply_to"),
        ),
        result=schemas.queued,
        run=calls.queue_comment,
    ),
)
_CANCEL = Tool(
    name="cancel_comment",
    title="Cancel a queued GitHub comment",
    description=(
        "Take a comment on a GitHub pull request out of the queue, before it is posted. To"
        " correct a comment, cancel it and queue another one with a new key. A comment that"
        " is posted stays on GitHub."
    ),
    hints=Hints(destructive=True, idempotent=True),
    arguments=object_of({"id": schemas.ID}, ("id",)),
    result=schemas.comment(),
    run=calls.cancel_comment,
)


def _change_comment(changes: Mapping[str, str]) -> Tool:
    """The tool that makes these changes, each with what it does."""
    told = "; ".join(f"{word}: {does}" for word, does in changes.items())
    change = schemas.change_argument([*changes])
    return Tool(
        name="change_comment",
        title="Change a queued GitHub comment",
        description=(
            "Change the place or the state of a comment in the queue for a GitHub pull request"
            f" — {told}."
        ),
        hints=Hints(idempotent=True, open_world=True),
        arguments=object_of({"id": schemas.ID, "change": change}, ("id", "change")),
        result=schemas.comment(),
        run=calls.change_comment,
    )


_READING = (
    Tool(
        name="get_comment",
        title="Get a queued or posted GitHub comment",
        description=(
            "Get what became of a comment on a GitHub pull request that was queued: its state, its"
            " place in the queue, its address once it is posted, or why it failed."
        ),
        hints=_READS,
        arguments=object_of({"id": schemas.ID, "with_body": schemas.with_body}, ("id",)),
        result=schemas.comment(body={"type": "string", "description": "the text of the comment"}),
        run=calls.get_comment,
    ),
    Tool(
        name="list_comments",
        title="List queued GitHub comments",
        description=(
            "List the comments on GitHub pull requests that are in the queue or, with states, that"
            " were posted, skipped, deleted or have failed. It returns ids and states, no texts."
        ),
        hints=_READS,
        arguments=object_of(schemas.listing_arguments),
        result=schemas.listing,
        run=calls.list_comments,
    ),
    Tool(
        name="queue_status",
        title="Get the state of the GitHub comment queue",
        description=(
            "Get the state of the queue of GitHub pull request comments: how many wait, in about"
            " how many seconds a new one is posted, and what keeps them, such as a pause or a rate"
            " limit."
        ),
        hints=_READS,
        arguments=object_of({}),
        result=schemas.status,
        run=calls.queue_status,
    ),
)
_GET_REVIEW = Tool(
    name="get_review",
    title="Get what became of a review of a GitHub pull request",
    description=(
        "Get what became of the review of a GitHub pull request that a queued comment asks a review"
        " bot for: whether it is awaited or done, what the bot said, and when it reviews again."
    ),
    hints=_READS,
    arguments=object_of({"id": schemas.ID}, ("id",)),
    result=schemas.review,
    run=calls.get_review,
)


def instructions(bounds: Bounds) -> str:
    """What an agent has to know before it calls a tool."""
    where = ", ".join(bounds.repositories)
    is_held = bounds.holds and not bounds.is_read_only
    told = {
        "Comments on GitHub pull requests go into a queue, and comenq posts them later, once each,"
        " at a pace that GitHub and review bots accept.": True,
        "You can only read the queue.": bounds.is_read_only,
        f"You can name only these repositories: {where}.": bool(where),
        "What you queue is held until a person releases it: tell the user.": is_held,
        "An error says what to do. To pause and to resume the queue is for people.": True,
    }
    return " ".join(text for text, is_told in told.items() if is_told)
