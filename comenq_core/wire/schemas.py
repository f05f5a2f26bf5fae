"""Requests and operations as JSON Schema, and the check against it.

Each description completes the sentence "must be …" in the error message. The messages of
jsonschema are not used, because they quote the value, which may be a megabyte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    BODY_LIMIT,
    KEY_LIMIT,
    MAX_NUMBER,
    OWNER_PATTERN,
    REPO_PATTERN,
    State,
)
from comenq_core.text import nearest
from comenq_core.wire.strict_json import member

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["OPERATION_SCHEMAS", "REQUEST_SCHEMA", "check"]

Schema = Mapping[str, Any]

LIMIT_MAX = 1_000_000
REASON_LIMIT = 500


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


_REQUEST = _object(
    "a JSON object with owner, repo, pr_number and body",
    {
        "owner": {
            "description": "a GitHub account name: 1 to 39 letters, digits and hyphens",
            "type": "string",
            "pattern": _whole(OWNER_PATTERN),
        },
        "repo": {
            "description": "a repository name without its owner: 1 to 100 letters, digits,"
            " hyphens, dots and underscores",
            "type": "string",
            "pattern": _whole(REPO_PATTERN),
        },
        "pr_number": {
            "description": f"a whole number from 1 to {MAX_NUMBER}",
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_NUMBER,
        },
        "body": {
            "description": f"a text of 1 to {BODY_LIMIT} bytes of UTF-8 that is not blank",
            "type": "string",
            "minLength": 1,
            "maxLength": BODY_LIMIT,
        },
        "not_before": {
            "description": "a time with its offset, as in 2026-12-01T09:00:00Z",
            "type": "string",
            "format": "date-time",
        },
        "key": {
            "description": f"a text of 1 to {KEY_LIMIT} characters",
            "type": "string",
            "minLength": 1,
            "maxLength": KEY_LIMIT,
        },
        "if_open": {"description": "true or false", "type": "boolean"},
    },
    required=("owner", "repo", "pr_number", "body"),
)

REQUEST_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A comment for a pull request",
    **_REQUEST,
}

_FLAG = {"description": "true or false", "type": "boolean"}
_ID = {
    "description": "the id of a job or its beginning: 1 to 12 of 0-9 and a-z",
    "type": "string",
    "pattern": _whole("[0-9a-z]{1,12}"),
}
_LIMIT = {
    "description": f"a whole number from 1 to {LIMIT_MAX}, or null",
    "type": ["integer", "null"],
    "minimum": 1,
    "maximum": LIMIT_MAX,
}
_OFFSET = {
    "description": f"a whole number from 0 to {LIMIT_MAX}",
    "type": "integer",
    "minimum": 0,
    "maximum": LIMIT_MAX,
}
_REASON = {
    "description": f"a text of 1 to {REASON_LIMIT} characters",
    "type": "string",
    "minLength": 1,
    "maxLength": REASON_LIMIT,
}
_REPO = {
    "description": "a repository as OWNER/REPO",
    "type": "string",
    "pattern": _whole(f"{OWNER_PATTERN}/{REPO_PATTERN}"),
}
_STATE = {
    "description": f"one of {', '.join(State)}",
    "enum": [str(state) for state in State],
}
_STATES = {"description": "a list of states", "type": "array", "items": _STATE}


def _operation(properties: Schema, required: Iterable[str] = ()) -> dict[str, Any]:
    op = {"description": "the name of an operation", "type": "string"}
    return _object("a JSON object", {"op": op, **properties}, ("op", *required))


OPERATION_SCHEMAS: dict[str, dict[str, Any]] = {
    # The Rust client says "immediate" where we say "ahead", and null where it means no limit.
    "put": _operation(
        {"request": _REQUEST, "ahead": _FLAG, "immediate": _FLAG, "if_absent": _FLAG},
        required=["request"],
    ),
    "list": _operation(
        {"limit": _LIMIT, "offset": _OFFSET, "state": _STATES, "repo": _REPO},
    ),
    **{
        op: _operation({"id": _ID}, required=["id"])
        for op in ("show", "bump", "bust", "defer", "del", "hold", "release", "retry")
    },
    "hist": _operation({"limit": _LIMIT, "offset": _OFFSET, "failed": _FLAG}),
    "status": _operation({}),
    "pause": _operation({"reason": _REASON}, required=["reason"]),
    "resume": _operation({}),
    "ping": _operation({}),
}


def check(value: object, *, op: str | None = None) -> None:
    """Check a value against the schema of the operation ``op`` or, without one, of a request.

    Raises:
        InvalidRequest: it does not conform; the error names the member and the rule.
    """
    error = next(_validator(op).iter_errors(cast("Any", value)), None)
    if error is not None:
        raise _invalid(error)


@cache
def _validator(op: str | None) -> Validator:
    # Only a listener pays for this import: no client could wait for it.
    from jsonschema import Draft202012Validator, validators

    # To JSON Schema 1.0 is an integer, too.
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    )
    strict: Any = validators.extend(  # type: ignore[no-untyped-call]  # its stubs leave it untyped
        Draft202012Validator, type_checker=types
    )
    made: Validator = strict(OPERATION_SCHEMAS[op] if op else REQUEST_SCHEMA)
    return made


def _invalid(error: ValidationError) -> InvalidRequest:
    path = ""
    for step in error.absolute_path:
        path = member(path, step) if isinstance(step, str) else f"{path}[{step}]"
    schema: Any = error.schema
    value: Any = error.instance
    known = schema.get("properties", {})
    if error.validator == "additionalProperties":
        name = next(name for name in value if name not in known)
        meant = nearest(name, known)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(known)}"
        return InvalidRequest(member(path, name), f"is not known here; {hint}")
    if error.validator == "required":
        name = next(name for name in schema["required"] if name not in value)
        wanted = known[name]["description"]
        return InvalidRequest(member(path, name), f"is missing; it must be {wanted}")
    return InvalidRequest(path, f"must be {schema['description']}")
