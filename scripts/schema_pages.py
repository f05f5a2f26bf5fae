"""Generates the references of the socket's requests, of the HTTP API and of the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markdown_page import table

from comenq_core.presentation.prometheus import MEANINGS
from comenq_core.wire.schemas import OPERATION_SCHEMAS, REQUEST_SCHEMA
from comenq_plugins.http.api.openapi import description

__all__ = ["api_page", "metrics_page", "socket_page"]

Schema = Mapping[str, Any]

SOCKET = """\
# Requests on the socket

    {"op":"list","state":["waiting","held"],"limit":10}

[The socket protocol](../protocol.md) says how a request is sent, and what comes back. A member that
is not listed here is refused.

## A comment request

It stands alone, or as the `request` of `put`.
"""
API = """\
# HTTP API

    curl -sS -H @token "$URL/comments?state=waiting"

[The page and the API](../web.md#api) has examples. This page is made of
[openapi.json](../openapi.json), which a daemon serves as `/openapi.json`.

"""
METRICS = """\
# Metrics

    comenq status --prometheus

[Monitoring](../monitoring.md#prometheus) says how to collect them, and what their labels are.

"""


def socket_page() -> str:
    """Every operation of the socket with its members, in Markdown."""
    lines = [SOCKET, *_members(REQUEST_SCHEMA)]
    for op, schema in OPERATION_SCHEMAS.items():
        members = {name: one for name, one in schema["properties"].items() if name != "op"}
        lines += ["", f"## {op}", ""]
        if members:
            lines += _members({**schema, "properties": members})
        else:
            lines.append("No members.")
    return "\n".join([*lines, ""])


def api_page() -> str:
    """Every endpoint of the HTTP API and every kind of object, in Markdown."""
    whole = description()
    lines = [API + whole["info"]["description"]]
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            lines += ["", f"## {method.upper()} {path}", "", *_endpoint(operation)]
    for name, schema in whole["components"]["schemas"].items():
        lines += ["", f"## {name}", "", *_members(schema)]
    return "\n".join([*lines, ""])


def metrics_page() -> str:
    """Every metric with its kind, in Markdown."""
    rows = (
        (f"`{name}`", "counter" if name.endswith("_total") else "gauge", meaning)
        for name, meaning in MEANINGS.items()
    )
    return "\n".join([METRICS.rstrip("\n"), "", *table(("metric", "kind", "meaning"), rows), ""])


def _endpoint(operation: Schema) -> Iterator[str]:
    yield f"{operation['summary']}. {operation['description']}"
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        yield f"The body is {_kind(content['schema'])}."
    if operation["parameters"]:
        yield ""
        rows = (
            (f"`{one['name']}`", one["in"], one.get("description") or _rule(one["schema"]))
            for one in operation["parameters"]
        )
        yield from table(("parameter", "in", "value"), rows)
    yield ""
    rows = (
        (status, _shown(answer), "It is done." if status[0] == "2" else answer["description"])
        for status, answer in operation["responses"].items()
    )
    yield from table(("status", "answer", "when"), rows)


def _shown(answer: Schema) -> str:
    return ", ".join(_kind(content["schema"]) for content in answer.get("content", {}).values())


def _members(schema: Schema) -> Iterator[str]:
    needed = schema.get("required", ())
    rows = (
        (f"`{name}`", "yes" if name in needed else "", _rule(one))
        for name, one in schema["properties"].items()
    )
    return table(("member", "required", "value"), rows)


def _rule(schema: Schema) -> str:
    """What a value is, in words where the schema has them."""
    described = schema.get("description")
    return f"{described}" if described else _kind(schema)


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kinds = schema.get("type", "any")
    kind = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if kind == "array" and "items" in schema:
        return f"array of {_kind(schema['items'])}"
    if "properties" in schema:
        members = ", ".join(f"`{name}`" for name in schema["properties"])
        return f"{kind} with {members}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind
