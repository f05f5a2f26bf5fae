"""What replies show, as JSON Schema. Pure."""

from __future__ import annotations

from typing import Any

from comenq_core.model import (
    Account,
    Activity,
    Capacity,
    Counts,
    Evidence,
    Job,
    Pause,
    Review,
)
from comenq_core.wire.schemas import REQUEST_SCHEMA
from comenq_plugins.http.api.record_schemas import TIME, nullable, object_of, record_schema

__all__ = ["PROBLEM", "SCHEMAS"]

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_FLAG = {"type": "boolean"}
_STRINGS = {"type": "array", "items": _TEXT}
_ID = {"type": "string", "description": "the id of a comment"}
_POSITION = {"type": "integer", "minimum": 0}
_MAYBE_TIME = nullable(TIME)
_MAYBE_TEXT = nullable(_TEXT)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _request_members() -> dict[str, Any]:
    """Those of the request: a dropped file that is none has empty ones."""
    required = REQUEST_SCHEMA["required"]
    properties: dict[str, Any] = REQUEST_SCHEMA["properties"]
    plain = {name: _plain(one) for name, one in properties.items()}
    return {name: one if name in required else nullable(one) for name, one in plain.items()}


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: schema[name] for name in ("type", "format") if name in schema}


def _or_null(record: type, *omitted: str, **others: dict[str, Any]) -> dict[str, Any]:
    """A record of which replies show an empty text as null."""
    made = record_schema(record, *omitted, *others)
    for name, one in made["properties"].items():
        if one == _TEXT:
            made["properties"][name] = _MAYBE_TEXT
    made["properties"] |= others
    made["required"] = list(made["properties"])
    return made


_SAID = _or_null(Evidence, "id", "wait_seconds", "commit", "blocks", kind=_TEXT)
_REVIEW = _or_null(Review, state=_TEXT, said=nullable(_SAID))
_JOB = record_schema(Job, "request", "reviewer", "conclusion", "was_held")["properties"]
_COMMENT = object_of(
    {
        **_JOB,
        **_request_members(),
        "attempt_count": {**_NUMBER, "description": "attempts that count toward max_attempts"},
        "position": {
            **nullable(_POSITION),
            "description": "how many comments are posted before it; null once it is settled",
        },
        "expected_at": {**_MAYBE_TIME, "description": "about when it is posted, if that is known"},
        "trouble": {**_MAYBE_TEXT, "description": "why a comment that waits is not posted"},
        "replaced": {**_FLAG, "description": "whether it has just replaced another comment"},
        "review": nullable(_REVIEW),
        "notes": _STRINGS,
    },
    "replaced",
)
_LANE = object_of(
    {
        "reviewer": _TEXT,
        "scope": _TEXT,
        "state": {"type": "string", "enum": ["open", "asked", "held", "blocked"]},
        "opens_at": _MAYBE_TIME,
        "held_until": _MAYBE_TIME,
        "reason": _MAYBE_TEXT,
        "jobs": _STRINGS,
        "triggers": _NUMBER,
        "reviewed": _NUMBER,
        "refused": _NUMBER,
        "spacing": {**_NUMBER, "description": "seconds"},
    }
)
_ACCOUNT = record_schema(Account, "post_in")
_ACCOUNT["properties"]["post_at"] = _MAYBE_TIME
_ACCOUNT["required"].append("post_at")
_WORKER = object_of(
    {"doing": record_schema(Activity)["properties"]["doing"], "since": TIME}
    | {"job": _MAYBE_TEXT, "fault": _MAYBE_TEXT}
)
_REVIEWERS = {
    "reviewers": _STRINGS,
    "lanes": {"type": "array", "items": _ref("Lane")},
    "awaiting": {**_NUMBER, "description": "posted triggers whose answers are awaited"},
}
_STATUS = object_of(
    {
        "counts": record_schema(Counts),
        "paused": nullable(record_schema(Pause)),
        "accounts": {"type": "array", "items": _ACCOUNT},
        "next": nullable(
            object_of({"id": _ID, "expected_at": _MAYBE_TIME, "trouble": _MAYBE_TEXT})
        ),
        "working": nullable(_FLAG),
        "capacity": {"type": "array", "items": record_schema(Capacity)},
        "worker": nullable(_WORKER),
        "stalled": _STRINGS,
        "overdue": nullable(_ID),
        "faults": _STRINGS,
        "boot_known": _FLAG,
        "host": _TEXT,
        "expected_at": {
            **_MAYBE_TIME,
            "description": "about when a comment is posted that is queued now, if that is known",
        },
        "verifies_targets": _FLAG,
        **_REVIEWERS,
        "version": _TEXT,
    }
)
_PROBLEM = object_of(
    {
        "type": _TEXT,
        "title": _TEXT,
        "status": _NUMBER,
        "detail": {**_TEXT, "description": "what is wrong, and what to do"},
        "code": {**_TEXT, "description": "a stable word, the socket protocol's where it has one"},
        "path": {**_TEXT, "description": "the member or the parameter that is wrong"},
    },
    "path",
)

PROBLEM = "Problem"
"""The name of the schema of errors: https://www.rfc-editor.org/rfc/rfc9457"""
SCHEMAS: dict[str, dict[str, Any]] = {
    "Comment": _COMMENT,
    "Comments": object_of(
        {
            "comments": {"type": "array", "items": _ref("Comment")},
            "next": {**_MAYBE_TEXT, "description": "the cursor of the next page, if there is one"},
        }
    ),
    "Lane": _LANE,
    "Reviewers": object_of(_REVIEWERS),
    "Status": _STATUS,
    PROBLEM: _PROBLEM,
}
"""The schemas of replies, by name. Clients ignore members that they do not know."""
