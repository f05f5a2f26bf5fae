"""The tools that are offered, with all that an agent reads about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from comenq_core.cli.comenq.mcp import calls, schemas
from comenq_core.cli.comenq.mcp.bounds import Bounds
from comenq_core.cli.comenq.mcp.calls import Caller
from comenq_core.cli.comenq.mcp.schemas import object_of
from comenq_core.wire.schemas import check_by, validator

__all__ = ["Hints", "Tool", "instructions", "offered"]

Json = dict[str, Any]
Schema = Mapping[str, Any]

_RELEASING = ("first", "release", "retry")
"""The changes that bring a comment nearer to its post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a client may think of a tool: the protocol's own hints, none of them left out.

    Args:
        read_only: it changes nothing.
        destructive: it may take something away.
        idempotent: the same call again changes nothing more.
        open_world: something outside of the machine may follow.
    """

    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False
    open_world: bool = False


_READS = Hints(read_only=True, idempotent=True)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool.

    Args:
        name, title, description: for the model and for people.
        hints: for the client.
        arguments, result: JSON Schemas of both.
        run: what it does.
    """

    name: str
    title: str
    description: str
    hints: Hints
    arguments: Schema
    result: Schema
    run: Callable[[Caller, Json], Json]

    @cached_property
    def _rules(self) -> Any:  # noqa: ANN401  (jsonschema is imported late)
        return validator(self.arguments)

    @property
    def definition(self) -> Mapping[str, Any]:
        """The tool as the protocol has it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.arguments,
            "outputSchema": self.result,
            "annotations": {
                "title": self.title,
                "readOnlyHint": self.hints.read_only,
                "destructiveHint": self.hints.destructive,
                "idempotentHint": self.hints.idempotent,
                "openWorldHint": self.hints.open_world,
            },
        }

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Run the tool.

        Raises:
            ComenqError: what was asked for is wrong, or cannot be done; the error says what to do.
        """
        check_by(self._rules, arguments)
        return self.run(caller, arguments)


def offered(bounds: Bounds, *, has_reviewers: bool = True) -> Sequence[Tool]:
    """The tools within these bounds.

    Args:
        bounds: what a person lets the server do.
        has_reviewers: whether the daemon follows the answers of review bots.
    """
    changing = [] if bounds.is_read_only else _changing(bounds)
    return [*changing, *_READING, *([_GET_REVIEW] if has_reviewers else [])]


def _changing(bounds: Bounds) -> Sequence[Tool]:
    changes = [one for one in schemas.CHANGES if not (bounds.holds and one in _RELEASING)]
    words = {
        "first": "first: move it to the front of the queue",
        "last": "last: move it to the end of the queue",
        "hold": "hold: keep it from being posted",
        "release": "release: let a held one be posted",
        "retry": "retry: queue a failed one again",
    }
    change = {"id": schemas.ID, "change": schemas.change_argument(changes)}
    held = " It is held until a person releases it." if bounds.holds else ""
    return [
        Tool(
            name="queue_comment",
            title="Queue a comment on a GitHub pull request",
            description=(
                "Queue a comment on a GitHub pull request. comenq posts it later, once, at a pace"
                " that GitHub and review bots accept, in minutes or hours. It is stored when this"
                f" returns: do not wait for it, and do not queue it again.{held} Use this instead"
                " of gh pr comment or GitHub's API, also to ask a review bot for a review. Give a"
                " key, and the same call again queues nothing twice; a changed comment needs a new"
                " key."
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
                " that comment. Replies have a pace of their own, which is quicker than"
                f" that of comments; all else is as for queue_comment.{held}"
            ),
            hints=Hints(open_world=True),
            arguments=object_of(
                {**schemas.COMMENT_ARGUMENTS, "in_reply_to": schemas.in_reply_to},
                ("owner", "repo", "pr_number", "body", "in_reply_to"),
            ),
            result=schemas.queued,
            run=calls.queue_comment,
        ),
        Tool(
            name="change_comment",
            title="Change a queued GitHub comment",
            description=(
                "Change the place or the state of a comment in the queue for a GitHub pull request"
                f" — {'; '.join(words[one] for one in changes)}."
            ),
            hints=Hints(idempotent=True, open_world=not bounds.holds),
            arguments=object_of(change, ("id", "change")),
            result=schemas.comment(),
            run=calls.change_comment,
        ),
        Tool(
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
        ),
    ]


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
