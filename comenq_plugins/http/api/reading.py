"""Reads the body and the query of a request, as strictly as the socket reads its own. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from comenq_core.errors import InvalidRequest
from comenq_core.text import printable
from comenq_core.wire.strict_json import parse
from comenq_core.wire.validator import Schema, check_by, validator
from comenq_plugins.http.api.schemas import (
    COMMENTS_QUERY,
    EDIT_BODY,
    HISTORY_QUERY,
    KEY_PATTERN,
    LANE_BODY,
    NOTHING,
    PAUSE_BODY,
    PUT_BODY,
)
from comenq_plugins.http.problems import Problem

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = [
    "BODIES",
    "JSON",
    "QUERIES",
    "cursor_of",
    "offset_of",
    "read_body",
    "read_key",
    "read_query",
]

FIELDS = 50
JSON = "application/json"
BODIES: Mapping[str, Schema] = {
    "put": PUT_BODY,
    "edit": EDIT_BODY,
    "pause": PAUSE_BODY,
    "open_lane": LANE_BODY,
}
"""What the bodies of requests have, by operation."""
QUERIES: Mapping[str, Schema] = {"list": COMMENTS_QUERY, "hist": HISTORY_QUERY}
"""What the queries of requests have, by operation."""

# Made before clients come: the first one would wait for the import of jsonschema.
_BODY_RULES: Mapping[str, Validator] = {op: validator(one) for op, one in BODIES.items()}
_QUERY_RULES: Mapping[str, Validator] = {op: validator(one) for op, one in QUERIES.items()}


def read_body(op: str, data: bytes, media_type: str) -> Mapping[str, Any]:
    """The members of a request's body.

    Args:
        op: the operation.
        data: the body.
        media_type: what ``Content-Type`` says.

    Raises:
        InvalidRequest: it breaks a rule.
        Problem: it is not JSON by its type.
    """
    if op not in BODIES:
        if data:
            raise InvalidRequest("", "this request takes no body")
        return {}
    if not data and not BODIES[op]["required"]:
        return {}
    if media_type.partition(";")[0].strip().lower() != JSON:
        raise Problem(
            415,
            "unsupported_media_type",
            f"The body has to be JSON: say Content-Type: {JSON}",
            headers={"Accept-Patch" if op == "edit" else "Accept-Post": JSON},
        )
    value = parse(data)
    check_by(_BODY_RULES[op], value)
    assert isinstance(value, dict)
    return value


def read_query(op: str, query: bytes) -> Mapping[str, Any]:
    """The members of a request's query, of the types that its schema says.

    Raises:
        InvalidRequest: it breaks a rule.
    """
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest("", "the query cannot be read") from None
    properties = QUERIES.get(op, NOTHING)["properties"]
    if pairs and not properties:
        name = printable(pairs[0][0], 40)
        raise InvalidRequest(name, "is not known here; this request takes no query")
    value: dict[str, Any] = {}
    for name, item in pairs:
        kind = properties.get(name, {}).get("type")
        if kind == "array":
            value.setdefault(name, []).append(item)
        elif name in value:
            raise InvalidRequest(printable(name, 40), "is given more than once")
        else:
            value[name] = _typed(kind, item)
    if properties:
        check_by(_QUERY_RULES[op], value)
    return value


def _typed(kind: str | None, text: str) -> object:
    if kind == "integer" and re.fullmatch("[0-9]{1,10}", text):
        return int(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def read_key(header: str | None, body: Mapping[str, Any]) -> str | None:
    """The idempotency key of a new comment, by its header or its body.

    The header's value may have quotes around it, as a structured field has.

    Raises:
        InvalidRequest: the header breaks a rule, or names another key than the body.
    """
    member: str | None = body.get("key")
    if header is None:
        return member
    quoted = re.fullmatch(r'"([^"\\]*)"', header)
    key = quoted[1] if quoted else header
    if not re.fullmatch(KEY_PATTERN, key):
        raise InvalidRequest("Idempotency-Key", "must be 1 to 200 visible characters of ASCII")
    if member not in {None, key}:
        raise InvalidRequest("key", "is not what the header Idempotency-Key says")
    return key


def cursor_of(offset: int) -> str:
    """A word for where a page of a listing begins."""
    return base64.urlsafe_b64encode(f"at {offset}".encode()).decode().rstrip("=")


def offset_of(cursor: str | None) -> int:
    """Where the page begins that `cursor_of` has made this of; 0 for the first.

    Raises:
        InvalidRequest: it has made no such word.
    """
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    found = re.fullmatch("at ([0-9]{1,9})", text)
    if not found:
        raise InvalidRequest("cursor", "must be what `next` of an earlier page says")
    return int(found[1])
