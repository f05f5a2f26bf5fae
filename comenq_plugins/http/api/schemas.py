"""What the bodies and the queries of requests may have. Pure.

Most of it is what the socket's operations have, without what an HTTP request has elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from comenq_core.model import KEY_LIMIT
from comenq_core.wire.schemas import OPERATION_SCHEMAS, REQUEST_SCHEMA
from comenq_core.wire.validator import Schema

__all__ = [
    "COMMENTS_QUERY",
    "DEFAULT_LIMIT",
    "EDIT_BODY",
    "HISTORY_QUERY",
    "KEY_PATTERN",
    "LANE_BODY",
    "NOTHING",
    "PAUSE_BODY",
    "PUT_BODY",
    "PUT_OPTIONS",
]

DEFAULT_LIMIT = 100
"""How many comments a page of a listing has."""
LIMIT_MAX = 1_000
CURSOR_LIMIT = 100
KEY_PATTERN = rf"[!-~]{{1,{KEY_LIMIT}}}"
"""What an ``Idempotency-Key`` looks like."""
PUT_OPTIONS = ("ahead", "if_absent", "hold", "replace", "via")
"""What a new comment may have beside the members of its request."""


def _object(description: str, properties: Schema, required: Collection[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": list(required),
        "properties": dict(properties),
    }


def _part(op: str, *names: str) -> dict[str, Any]:
    """These members of an operation."""
    return {name: OPERATION_SCHEMAS[op]["properties"][name] for name in names}


_PAGE = {
    "limit": {
        "description": f"a whole number from 1 to {LIMIT_MAX}",
        "type": "integer",
        "minimum": 1,
        "maximum": LIMIT_MAX,
    },
    "cursor": {
        "description": "what `next` of an earlier page says",
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]+$",
        "maxLength": CURSOR_LIMIT,
    },
}

NOTHING = _object("nothing", {})
PUT_BODY = _object(
    REQUEST_SCHEMA["description"],
    {**REQUEST_SCHEMA["properties"], **_part("put", *PUT_OPTIONS)},
    REQUEST_SCHEMA["required"],
)
EDIT_BODY = _object("a JSON object with body", _part("edit", "body"), ["body"])
PAUSE_BODY = _object("a JSON object with reason", _part("pause", "reason"), ["reason"])
LANE_BODY = _object("a JSON object", _part("open_lane", "scope"))
COMMENTS_QUERY = _object(
    "a query", {**_part("list", "state", "repo", "pr_number", "awaiting", "via"), **_PAGE}
)
HISTORY_QUERY = _object("a query", {**_part("hist", "failed", "repo", "pr_number", "via"), **_PAGE})
