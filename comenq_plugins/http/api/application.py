"""The routes of the API: each request is read, permitted, carried out in a thread, and answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from comenq_core.errors import ComenqError, StoreError
from comenq_core.model.access import Scope
from comenq_core.protocols import Queue
from comenq_core.wire.strict_json import encode
from comenq_plugins.http.access import Access
from comenq_plugins.http.api.calls import Call, Reply
from comenq_plugins.http.api.endpoints import DESCRIPTION, ENDPOINTS, Endpoint
from comenq_plugins.http.api.openapi import description
from comenq_plugins.http.api.reading import JSON, read_body, read_query
from comenq_plugins.http.etags import is_known
from comenq_plugins.http.problems import Problem, problem_of

__all__ = ["Api"]


class Api:
    """Answers the API's requests.

    Args:
        queue: what they read and change.
        access: tells clients by their tokens.
    """

    def __init__(self, queue: Queue, access: Access) -> None:
        self._queue = queue
        self._access = access
        self._tally: Counter[tuple[str, str]] = Counter()

    def routes(self) -> Sequence[Route]:
        """Where it answers."""
        paths = groupby(ENDPOINTS, key=lambda endpoint: endpoint.path)
        routes = [self._route(path, {one.method: one for one in found}) for path, found in paths]
        return [*routes, Route(DESCRIPTION, self._describe, methods=["GET"])]

    def _route(self, path: str, endpoints: Mapping[str, Endpoint]) -> Route:
        async def answer(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            return await self._answer(request, endpoints[method])

        return Route(path, answer, methods=list(endpoints))

    async def _answer(self, request: Request, endpoint: Endpoint) -> Response:
        try:
            call = await self._call(request, endpoint)
            reply = await run_in_threadpool(endpoint.act, self._queue, call)
        except (ComenqError, Problem) as error:
            problem = error if isinstance(error, Problem) else problem_of(error)
            is_failure = problem.code == StoreError.code
            self._tally[endpoint.op, "failed" if is_failure else "rejected"] += 1
            raise problem from error
        except Exception:
            self._tally[endpoint.op, "failed"] += 1
            raise
        self._tally[endpoint.op, "accepted"] += 1
        return _response(request, reply)

    async def _call(self, request: Request, endpoint: Endpoint) -> Call:
        client = self._access.client(request, endpoint.scope)
        query = read_query(endpoint.op, request.scope["query_string"])
        body: Mapping[str, object] = {}
        if endpoint.method != "GET":
            kind = request.headers.get("content-type", "")
            body = read_body(endpoint.op, await request.body(), kind)
        return Call(
            client=client,
            headers=request.headers,
            path=request.path_params,
            query=query,
            body=body,
            requests=[
                {"operation": op, "outcome": outcome, "count": count}
                for (op, outcome), count in self._tally.items()
            ],
            root=request.scope["root_path"],
        )

    async def _describe(self, request: Request) -> Response:
        self._access.client(request, Scope.READ)
        value = description(request.scope["root_path"])
        return _response(request, Reply(value=value))


def _response(request: Request, reply: Reply) -> Response:
    headers = {**reply.headers, **({"ETag": reply.tag} if reply.tag else {})}
    is_read = request.method in {"GET", "HEAD"}
    if is_read and reply.tag and is_known(request, reply.tag):
        return Response(status_code=304, headers=headers)
    if isinstance(reply.value, str):
        return Response(reply.value, reply.status, headers)
    return Response(encode(reply.value) + b"\n", reply.status, headers, media_type=JSON)
