"""What the tools take and return, as JSON Schema. Pure.

A description is for the model; for an argument, it also completes the sentence "must be …" in an
error message. Null is nowhere: what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from comenq_core.limits import MAX_COMMENT_ID
from comenq_core.model import BODY_LIMIT, KEY_LIMIT, MAX_NUMBER, SETTLED, State

__all__ = [
    "CHANGES",
    "COMMENT_ARGUMENTS",
    "DEFAULT_LIMIT",
    "ID",
    "change_argument",
    "comment",
    "in_reply_to",
    "listing",
    "listing_arguments",
    "object_of",
    "queued",
    "review",
    "status",
    "with_body",
]

Schema = Mapping[str, Any]

CHANGES: Mapping[str, str] = {
    "first": "bump",
    "last": "bust",
    "hold": "hold",
    "release": "release",
    "retry": "retry",
}
"""The changes that a tool makes, with the operations of the protocol that make them."""
DEFAULT_LIMIT, MAX_LISTED = 20, 100
_LONGEST_NAME = 100


def object_of(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> dict[str, Any]:
    """An object with these members, and no others."""
    return {
        "type": "object",
        "description": "an object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _text(description: str, longest: int | None = None) -> dict[str, Any]:
    bounds = {} if longest is None else {"minLength": 1, "maxLength": longest}
    return {"type": "string", "description": description, **bounds}


def _number(description: str, maximum: int, minimum: int = 1) -> dict[str, Any]:
    return {
        "type": "integer",
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
    }


def _flag(description: str) -> dict[str, Any]:
    return {"type": "boolean", "description": description}


def _word(description: str, words: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "description": description, "enum": [str(word) for word in words]}


def _list(description: str, items: Schema) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": dict(items)}


ID = _text("the id of a comment, which queue_comment and list_comments return", 12)
_OWNER = _text("the GitHub account that owns the repository, such as octo-org", _LONGEST_NAME)
_REPO = _text("the name of the repository without its owner, such as site", _LONGEST_NAME)
_PR_NUMBER = _number(f"the number of the pull request, from 1 to {MAX_NUMBER}", MAX_NUMBER)

COMMENT_ARGUMENTS: Mapping[str, Schema] = {
    "owner": _OWNER,
    "repo": _REPO,
    "pr_number": _PR_NUMBER,
    "body": _text(
        f"the comment in Markdown, which is posted as it is: 1 to {BODY_LIMIT} bytes of UTF-8",
        BODY_LIMIT,
    ),
    "key": _text(
        f"a text of 1 to {KEY_LIMIT} characters that says what the comment is for, such as"
        " review-123-4f2a9c1: the same key never queues twice",
        KEY_LIMIT,
    ),
    "not_before": _text(
        "a time with its offset, such as 2026-12-01T09:00:00Z: the comment is not posted earlier",
        40,
    ),
    "if_open": _flag(
        "true or false: whether to skip the comment if the pull request is closed by then"
    ),
}
"""What a new comment is told by; the first four are required."""

in_reply_to = _number(
    "the id of a comment in a review thread, as in #discussion_r123 at the end of its address",
    MAX_COMMENT_ID,
)
with_body = _flag("true or false: whether to return the text of the comment, too")
listing_arguments: Mapping[str, Schema] = {
    "owner": _OWNER,
    "repo": _REPO,
    "pr_number": _PR_NUMBER,
    "states": _list(
        f"a list of states; without it, all but {', '.join(SETTLED)}",
        _word(f"one of {', '.join(State)}", State),
    ),
    "own": _flag("true or false: whether to list only what this server has queued"),
    "limit": _number(
        f"how many comments to list at most, from 1 to {MAX_LISTED}; {DEFAULT_LIMIT} by default",
        MAX_LISTED,
    ),
}


def change_argument(changes: Sequence[str]) -> dict[str, Any]:
    """What to do with a comment: one of these words."""
    return _word(f"one of {', '.join(changes)}", changes)


_COMMENT: Mapping[str, Schema] = {
    "id": _text("the id of the comment in the queue"),
    "owner": _text("the owner of the repository"),
    "repo": _text("the repository"),
    "pr_number": _number("the number of the pull request", MAX_NUMBER, 0),
    "in_reply_to": _number("the comment in whose review thread it is", MAX_COMMENT_ID),
    "state": _word(
        "waiting (in the queue), held (until a person releases it), posting, checking (whether it"
        " is posted), unconfirmed (a person has to look), posted, skipped, failed or deleted",
        State,
    ),
    "position": _text("its place in the queue, from 1") | {"type": "integer"},
    "eta_seconds": {
        "type": "integer",
        "description": "in about how many seconds it is posted; missing if nobody knows",
    },
    "trouble": _text("why that is not known: paused, no_worker, account or reviewer"),
    "not_before": _text("it is not posted before this time"),
    "url": _text("its address on GitHub, once it is posted"),
    "reason": _text("why it failed, was skipped, or waits"),
    "review": _text("what became of the review that it asks for; get_review says more"),
    "key": _text("its key"),
    "via": _text("which program queued it, in that program's own words"),
}
_REQUIRED = ("id", "owner", "repo", "pr_number", "state")


def comment(**more: Schema) -> dict[str, Any]:
    """A comment in the queue or in the history, with these members more."""
    return object_of({**_COMMENT, **more}, _REQUIRED)


queued = comment(
    key=_text("its key: with it, the same call queues nothing twice"),
    notes=_list("what to know about it", _text("a note")),
)
listing = object_of(
    {
        "comments": _list("the comments, those that are posted next first", comment()),
        "more": _flag("whether there are more than these: ask for less, or set the limit"),
    },
    ("comments", "more"),
)
review = object_of(
    {
        "id": _text("the id of the comment that asks for the review"),
        "reviewer": _text("the name of the reviewer"),
        "state": _text(
            "waiting (to be asked), awaiting (its answer), reviewed, skipped, limited, blocked,"
            " failed, unanswered, unreviewed or not_understood"
        ),
        "reason": _text("what the reviewer said"),
        "url": _text("the address of its answer on GitHub"),
        "until": _text("when a limit of the reviewer ends"),
        "guessed": _flag("whether the reviewer did not say until when"),
        "triggers": {"type": "integer", "description": "how often the review was asked for"},
        "asked": _text("when it was asked for last"),
        "next_poll": _text("when comenq looks for the answer again"),
    },
    ("id", "state"),
)
status = object_of(
    {
        "counts": {
            "type": "object",
            "description": (
                "how many comments of all repositories are in which state; missing where only some"
                " repositories may be named"
            ),
            "additionalProperties": {"type": "integer"},
        },
        "paused": _flag("whether a person has paused the queue, so that nothing is posted"),
        "pause_reason": _text("why it is paused"),
        "eta_seconds": {
            "type": "integer",
            "description": "in about how many seconds a comment is posted that is queued now",
        },
        "waits": _list(
            "the posting accounts that back off, and why",
            object_of(
                {
                    "account": _text("the name of the account"),
                    "reason": _text("why it waits"),
                    "seconds": {"type": "integer", "description": "for how long"},
                },
                ("account", "reason"),
            ),
        ),
        "faults": _list("what does not work: tell the user", _text("a fault")),
        "reviewers": _list("the review bots that are followed", _text("the name of one")),
        "host": _text("the forge that comments are posted to"),
        "version": _text("the version of the daemon"),
        "lanes": _list(
            "the quotas of review bots that are used up: what asks one for a review waits",
            object_of(
                {
                    "reviewer": _text("the name of the review bot"),
                    "scope": _text("the owner, repository or account whose quota it is"),
                    "state": _text("held (for a time) or blocked (until a person opens it)"),
                    "reason": _text("what the review bot said"),
                    "seconds": {"type": "integer", "description": "for how long"},
                },
                ("reviewer", "state"),
            ),
        ),
    },
    ("paused", "waits", "faults", "reviewers", "version", "lanes"),
)
