"""The description of the API, made of its endpoints and schemas. Pure.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from comenq_core import __version__
from comenq_core.model import ID_PATTERN
from comenq_plugins.http.api.answers import PROBLEM, SCHEMAS
from comenq_plugins.http.api.endpoints import ENDPOINTS, Endpoint
from comenq_plugins.http.api.reading import BODIES, JSON, QUERIES
from comenq_plugins.http.api.schemas import KEY_PATTERN
from comenq_plugins.http.problems import PROBLEM_JSON

__all__ = ["description"]

ABOUT = """\
Queue comments for pull requests, look at the queue, and change it.

A token is needed, as `Authorization: Bearer TOKEN`; `comenqd token create` makes one. Its scope
says what it may do: `read`; `queue`, which also queues comments and changes those that the same
token has queued; or `manage`, which may do everything. Errors are problem details (RFC 9457) with
a `code`.\
"""
TEXT = "text/plain"
ERRORS = {
    401: "No token of this daemon was shown.",
    403: "The token's scope does not permit this.",
    404: "There is no such comment.",
    409: "The comment's state does not allow this.",
    412: "It is not as `If-Match` says.",
    413: "The body is too long.",
    415: "The body is not JSON by its type.",
    422: "The request breaks a rule; `path` and `detail` say which.",
    429: "A policy allows no more comments in the queue: try again after `Retry-After`.",
    503: "The queue takes no more now, or its store has failed: try again after `Retry-After`.",
}
COUNTED = frozenset({"put", "retry"})
"""What a policy may refuse because of how many comments are in the queue."""
_DEFAULT = "Another error."


def description(root: str = "") -> dict[str, Any]:
    """The description, as JSON.

    Args:
        root: the path below which a proxy shows the API.
    """
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    bodies = {_body_name(op): schema for op, schema in BODIES.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "comenq", "version": __version__, "description": ABOUT},
        "servers": [{"url": root or "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _ecma({**SCHEMAS, **bodies}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": endpoint.op,
        "summary": endpoint.summary,
        "description": f"Needs the scope `{endpoint.scope}`.",
        "parameters": list(_parameters(endpoint)),
        "responses": dict(_responses(endpoint)),
    }
    if endpoint.op in BODIES:
        made["requestBody"] = {
            "required": bool(BODIES[endpoint.op]["required"]),
            "content": {JSON: {"schema": _reference(_body_name(endpoint.op))}},
        }
    return made


def _parameters(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    for name in re.findall("{(.+?)}", endpoint.path):
        schema = {"type": "string", **({"pattern": f"^{ID_PATTERN}$"} if name == "id" else {})}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, schema in QUERIES.get(endpoint.op, {"properties": {}})["properties"].items():
        yield {"name": name, "in": "query", "schema": _ecma(schema)}
    if endpoint.op == "put":
        about = "Sent again with the same key, a comment is queued once; the same as `key`."
        yield _header("Idempotency-Key", about, KEY_PATTERN)
    if endpoint.is_change:
        yield _header("If-Match", "The ETag of the comment that is to be changed.")
    if _has_tag(endpoint) and endpoint.method == "GET":
        yield _header("If-None-Match", "The ETag of what the client has.")


def _header(name: str, about: str, pattern: str = "") -> dict[str, Any]:
    schema = {"type": "string", **({"pattern": f"^{pattern}$"} if pattern else {})}
    return {"name": name, "in": "header", "description": about, "schema": schema}


def _responses(endpoint: Endpoint) -> Iterator[tuple[str, dict[str, Any]]]:
    yield str(endpoint.status), _success(endpoint)
    if _has_tag(endpoint) and endpoint.method == "GET":
        yield "304", {"description": "It is what the client has."}
    for status in _errors(endpoint):
        yield str(status), _problem(ERRORS[status])
    yield "default", _problem(_DEFAULT)


def _success(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.shows not in SCHEMAS:
        content = {TEXT: {"schema": {"type": "string"}}}
    else:
        content = {JSON: {"schema": _reference(endpoint.shows)}}
    names = (["ETag"] if _has_tag(endpoint) else []) + (
        ["Location"] if endpoint.op == "put" else []
    )
    headers = {name: {"required": True, "schema": {"type": "string"}} for name in names}
    return {
        "description": endpoint.summary + ".",
        "content": content,
        **({"headers": headers} if headers else {}),
        **({"links": _links()} if endpoint.op == "put" else {}),
    }


def _links() -> dict[str, Any]:
    """What can be done with a comment that was queued."""
    parameters = {"id": "$response.body#/id"}
    ops = [endpoint.op for endpoint in ENDPOINTS if "{id}" in endpoint.path]
    return {op: {"operationId": op, "parameters": parameters} for op in ops}


def _has_tag(endpoint: Endpoint) -> bool:
    return endpoint.shows in {"Comment", "Comments", "Reviewers", "Status"}


def _errors(endpoint: Endpoint) -> Iterator[int]:
    yield from (401, 403)
    if "{id}" in endpoint.path:
        yield 404
    if endpoint.is_change:
        yield from (409, 412)
    if endpoint.op in BODIES:
        yield from (413, 415)
    yield 422
    if endpoint.op in COUNTED:
        yield 429
    yield 503


def _problem(about: str) -> dict[str, Any]:
    schema = _reference(PROBLEM)
    return {"description": about, "content": {PROBLEM_JSON: {"schema": schema}}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _body_name(op: str) -> str:
    names = {"put": "NewComment", "edit": "Edit", "pause": "PauseReason", "open_lane": "LaneScope"}
    return names[op]


def _ecma(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    """A schema whose patterns end as in ECMAScript, where ``$`` is the end alone."""
    if isinstance(value, dict):
        return {
            name: item.replace("$(?!\\n)", "$") if name == "pattern" and isinstance(item, str)
            else _ecma(item)
            for name, item in value.items()
        }  # fmt: skip
    return [_ecma(item) for item in value] if isinstance(value, list) else value
