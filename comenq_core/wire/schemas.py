"""Requests and operations as JSON Schema; `comenq_core.wire.validator` says what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from comenq_core.limits import ACCOUNT_PATTERN, HOST_PATTERN, MAX_COMMENT_ID, URL_LIMIT, VIA_PATTERN
from comenq_core.model import BODY_LIMIT, KEY_LIMIT, MAX_NUMBER, OWNER_PATTERN, REPO_PATTERN, State
from comenq_core.wire.validator import Schema, check_by, validator

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = [
    "BARE",
    "DROP",
    "OPERATION_SCHEMAS",
    "REQUEST",
    "REQUEST_SCHEMA",
    "SCHEMAS",
    "check",
]

LIMIT_MAX = 1_000_000
REASON_LIMIT = 500
IDS_LIMIT = 1_000
NAME_LIMIT = 64
SCOPE_LIMIT = 200


def _whole(pattern: str) -> str:
    r"""Anchor a pattern at both ends, for ECMAScript and Python alike.

    Python's ``$`` also matches before a last newline, and only Python knows ``\Z``.
    """
    return f"^{pattern.replace(chr(92) + 'Z', '$')}$(?!\\n)"


def _object(description: str, properties: Schema, required: Iterable[str] = ()) -> dict[str, Any]:
    # The first error is reported, in this order: a misspelt member before the missing one.
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": list(required),
        "properties": dict(properties),
    }


def _number(minimum: int, maximum: int) -> dict[str, Any]:
    return {
        "description": f"a whole number from {minimum} to {maximum}",
        "type": "integer",
        "minimum": minimum,
        "maximum": maximum,
    }


def _text(maximum: int) -> dict[str, Any]:
    return {
        "description": f"a text of 1 to {maximum} characters",
        "type": "string",
        "minLength": 1,
        "maxLength": maximum,
    }


def _name(description: str, pattern: str) -> dict[str, Any]:
    return {"description": description, "type": "string", "pattern": _whole(pattern)}


_PR_NUMBER = _number(1, MAX_NUMBER)
_FLAG = {"description": "true or false", "type": "boolean"}
_TIME = {
    "description": "a time with its offset, as in 2026-12-01T09:00:00Z",
    "type": "string",
    "format": "date-time",
}

_BODY = {
    **_text(BODY_LIMIT),
    "description": f"a text of 1 to {BODY_LIMIT} bytes of UTF-8 that is not blank",
}
_SHA256 = _name("the SHA-256 of a text: 64 hexadecimal digits", "[0-9a-f]{64}")

REQUEST_SCHEMA = _object(
    "a JSON object with owner, repo, pr_number and body",
    {
        "owner": _name("a GitHub account name: 1 to 39 letters, digits and hyphens", OWNER_PATTERN),
        "repo": _name(
            "a repository name without its owner: 1 to 100 letters, digits, hyphens, dots and"
            " underscores",
            REPO_PATTERN,
        ),
        "pr_number": _PR_NUMBER,
        "body": _BODY,
        "not_before": _TIME,
        "key": _text(KEY_LIMIT),
        "if_open": _FLAG,
        "account": _name("the name of a posting account", ACCOUNT_PATTERN),
        "host": _name("the host of a forge, such as github.com", HOST_PATTERN),
        "not_after": _TIME,
        "follow": _FLAG,
        "in_reply_to": _number(1, MAX_COMMENT_ID),
    },
    required=("owner", "repo", "pr_number", "body"),
)

_ID = _name("the id of a job or its beginning: 1 to 12 of 0-9 and a-z", "[0-9a-z]{1,12}")
_IDS = {
    "description": f"a list of at most {IDS_LIMIT} whole ids of jobs",
    "type": "array",
    "items": _name("the whole id of a job: 12 of 0-9 and a-z", "[0-9a-z]{12}"),
    "maxItems": IDS_LIMIT,
}
_LIMIT = {
    **_number(1, LIMIT_MAX),
    "description": f"a whole number from 1 to {LIMIT_MAX}, or null",
    "type": ["integer", "null"],
}
_OFFSET = _number(0, LIMIT_MAX)
_REASON = _text(REASON_LIMIT)
_REPO = _name("a repository as OWNER/REPO", f"{OWNER_PATTERN}/{REPO_PATTERN}")
_REVIEWER = _text(NAME_LIMIT)
_VIA = _name("1 to 64 printable characters of ASCII, without a space at an end", VIA_PATTERN)
_SCOPE = {
    "description": f"a text of at most {SCOPE_LIMIT} characters",
    "type": "string",
    "maxLength": SCOPE_LIMIT,
}
_STATE = {
    "description": f"one of {', '.join(State)}",
    "enum": [str(state) for state in State],
}
_STATES = {
    "description": f"a list of at most {len(State)} states",
    "type": "array",
    "maxItems": len(State),
    "items": _STATE,
}


def _operation(properties: Schema, required: Iterable[str] = ()) -> dict[str, Any]:
    op = {"description": "the name of an operation", "type": "string"}
    return _object("a JSON object", {"op": op, **properties}, ("op", *required))


OPERATION_SCHEMAS: dict[str, dict[str, Any]] = {
    # "immediate", and null for no limit, are what the Rust client says.
    "put": _operation(
        {
            "request": REQUEST_SCHEMA,
            "ahead": _FLAG,
            "immediate": _FLAG,
            "if_absent": _FLAG,
            "hold": _FLAG,
            "replace": _FLAG,
            "via": _VIA,
        },
        required=["request"],
    ),
    "list": _operation(
        {
            "limit": _LIMIT,
            "offset": _OFFSET,
            "state": _STATES,
            "repo": _REPO,
            "pr_number": _PR_NUMBER,
            "awaiting": _FLAG,
            "via": _VIA,
        },
    ),
    **{
        op: _operation({"id": _ID}, required=["id"])
        for op in (
            "show",
            "bump",
            "bust",
            "defer",
            "hold",
            "retry",
            "forget",
            "undelete",
        )
    },
    **{op: _operation({"id": _ID, "was": _SHA256}, required=["id"]) for op in ("del", "release")},
    "edit": _operation({"id": _ID, "body": _BODY, "was": _SHA256}, required=["id", "body"]),
    "resolve": _operation({"id": _ID, "posted": _text(URL_LIMIT)}, required=["id"]),
    "seen": _operation({"ids": _IDS}, required=["ids"]),
    "flush": _operation({}),
    "hist": _operation(
        {
            "limit": _LIMIT,
            "offset": _OFFSET,
            "failed": _FLAG,
            "repo": _REPO,
            "pr_number": _PR_NUMBER,
            "via": _VIA,
        }
    ),
    "status": _operation({}),
    "pause": _operation({"reason": _REASON}, required=["reason"]),
    "resume": _operation({}),
    "ping": _operation({"via": _VIA}),
    "open_lane": _operation({"reviewer": _REVIEWER, "scope": _SCOPE}, required=["reviewer"]),
}

REQUEST = "request"
BARE = "bare request"
DROP = "dropped file"
SCHEMAS: Mapping[str, Schema] = {
    **OPERATION_SCHEMAS,
    REQUEST: REQUEST_SCHEMA,
    # Beside the request's members, those of `put` that they can have.
    BARE: {**REQUEST_SCHEMA, "properties": {**REQUEST_SCHEMA["properties"], "via": _VIA}},
    DROP: {
        **REQUEST_SCHEMA,
        "properties": {**REQUEST_SCHEMA["properties"], "hold": _FLAG, "via": _VIA},
    },
}
"""What is read from others: by its operation, or as `REQUEST`, `BARE` or `DROP`."""


def check(value: object, kind: str) -> None:
    """Check a value against a schema.

    Args:
        value: the value.
        kind: the name of an operation, or `REQUEST`, `BARE` or `DROP`.

    Raises:
        InvalidRequest: it does not conform; the error names the member and the rule.
    """
    check_by(_validator(kind), value)


@cache
def _validator(kind: str) -> Validator:
    return validator(SCHEMAS[kind])
