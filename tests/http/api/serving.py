"""The HTTP intake on a port of its own, in a thread of the test, over a store in memory."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from comenq_core.listener.queue import JobQueue
from comenq_core.model.access import Scope
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.stop import StopFlag
from comenq_core.process.token_file import add_token
from comenq_core.protocols import Queue
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.http.api.openapi import description
from comenq_plugins.http.intake import HttpIntake
from comenq_plugins.http.limits import Limits
from comenq_plugins.http.options import Options, Tcp
from tests.socket.serving import BlockableStore

COMMENT = {"owner": "octo-org", "repo": "site", "pr_number": 7, "body": "Looks good."}
SUCCESS = 300


def closed(value: Any) -> Any:
    """A description whose objects have the members that it names, and no others."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: closed(item) for name, item in value.items()}
    if value.get("type") == "object" and value.get("properties"):
        made["additionalProperties"] = False
    return made


@cache
def rules() -> OpenAPI:
    """The description, of an API that stands anywhere."""
    problems: dict[str, Callable[[bytes], Any]] = {"application/problem+json": json.loads}
    return OpenAPI.from_dict(
        closed(description()), config=Config(extra_media_type_deserializers=problems)
    )


class Served:
    """What is behind the port, and its clients: each answer is held against the description.

    Args:
        url: where it is.
        store: where the comments are.
        tokens_file: where its tokens are.
    """

    def __init__(self, url: str, store: BlockableStore, tokens_file: Path) -> None:
        self.url = url
        self.store = store
        self.tokens_file = tokens_file
        self.tokens = {scope: add_token(tokens_file, str(scope), scope) for scope in Scope}
        self.session = requests.Session()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        status: int | None = None,
        is_described: bool = True,
        **headers: str,
    ) -> requests.Response:
        """Send a request, and return its answer.

        Args:
            method, path: of the request.
            body: JSON; bytes are sent as they are.
            token: that of the scope ``manage``, unless another one is given; ``""`` for none.
            status: what the answer has to have.
            is_described: whether the description speaks of the request.
            headers: further headers, with underscores in place of hyphens.
        """
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        token = self.tokens[Scope.MANAGE] if token is None else token
        if token:
            sent["Authorization"] = f"Bearer {token}"
        # On a busy machine, the server may close an idle connection while it is used again.
        sent.setdefault("Connection", "close")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = requests.Request(method, self.url + path, sent, data=data).prepare()
        answer = self.session.send(request, timeout=DEADLINE, allow_redirects=False)
        if is_described and method != "HEAD":
            rules().validate_response(
                RequestsOpenAPIRequest(request), RequestsOpenAPIResponse(answer)
            )
        assert status in {None, answer.status_code}, answer.text
        return answer

    def put(self, **members: object) -> dict[str, Any]:
        """Queue a comment; return it as it is shown."""
        queued: dict[str, Any] = self.ask("POST", "/comments", COMMENT | members, status=202).json()
        return queued

    def problem(self, method: str, path: str, *args: Any, **kwargs: Any) -> Mapping[str, Any]:
        """Send a request as `ask` does; return the problem that it is answered with."""
        answer = self.ask(method, path, *args, **kwargs)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == answer.status_code
        return problem


@contextmanager
def serving(
    directory: Path,
    limits: Limits | None = None,
    wrap: Callable[[JobQueue], Queue] = lambda queue: queue,
    lanes: LanePolicy | None = None,
    **options: Any,
) -> Iterator[Served]:
    """Serve on a free port for the length of a ``with`` block.

    Args:
        directory: for the file with the tokens.
        limits: what clients may cost.
        wrap: what the intake is given in place of the queue.
        lanes: what the settings make of lanes, if they have reviewers.
        options: members of `Options`.
    """
    store = BlockableStore()
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    queue = wrap(JobQueue(store, pace, lanes=lanes))
    file = directory / "http_tokens"
    made = Options(listen=Tcp("127.0.0.1", 0), tokens_file=file, **options)
    intake = HttpIntake(made, limits or Limits())
    with StopFlag() as stop, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        thread = threading.Thread(target=intake.serve_on, args=(listener, queue, stop))
        thread.start()
        try:
            port = listener.getsockname()[1]
            served = Served(f"http://127.0.0.1:{port}", store, file)
            with served.session:
                yield served
        finally:
            store.release()
            stop.set()
            thread.join(DEADLINE)
            assert not thread.is_alive(), "the intake does not stop"
