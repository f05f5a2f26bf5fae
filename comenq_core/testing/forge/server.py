"""The stand-in's HTTP server: it sends scripted answers and GitHub's own."""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event

from comenq_core.testing.forge.control import PREFIX, control
from comenq_core.testing.forge.github import answer
from comenq_core.testing.forge.records import Answer, Received, Reply
from comenq_core.testing.forge.state import State

__all__ = ["Server"]


class Server(ThreadingHTTPServer):
    """Listens on loopback; ``base`` is its URL, prefix included."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, state: State, port: int, prefix: str, tls: SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.prefix = prefix
        self.base = f"http{'s' if tls else ''}://127.0.0.1:{self.server_port}{prefix}"
        if tls:
            # The handshake is left to the handler's thread: an idle client must not block others.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.ending = Event()
        self.connections: set[socket.socket] = set()

    def local(self, path: str) -> str:
        """A path without the prefix; ``""`` if it is elsewhere.

        GraphQL stands beside the REST API of GitHub Enterprise, as in ``/api/graphql``:
        https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql
        """
        if path.endswith("/graphql"):
            return "/graphql" if path == f"{self.prefix.removesuffix('/v3')}/graphql" else ""
        return path.removeprefix(self.prefix) if path.startswith(self.prefix) else ""

    def end_connections(self) -> None:
        """Wake every handler that waits or reads, so that all end with the server."""
        self.ending.set()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that hung up; show all other errors."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # One write for the whole answer, sent at once: with headers and body in two packets, Nagle's
    # algorithm waits 40 ms for the client's delayed acknowledgement of the first.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time by the stand-in's clock."""
        return super().date_time_string(timestamp or self.server.state.now().timestamp())

    def log_message(self, template: str, *args: object) -> None:
        """Log nothing: the requests are in `Forge.requests`."""

    def do_GET(self) -> None:
        request = self._received()
        if request.path.startswith(PREFIX):
            self._send(Answer(), control(self.server.state, request, base=self.server.base))
        elif not request.path:
            self._send(Answer(), Reply(status=404, body={"message": "Not Found"}))
        else:
            self._serve(request)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server looks for these names

    def _received(self) -> Received:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return Received(
            at=time.monotonic(),
            method=self.command,
            path=self.server.local(self.path),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            connection=self.client_address[1],
        )

    def _serve(self, request: Received) -> None:
        script = self.server.state.record(request)
        reply = Reply(status=500, body={"message": "Scripted"})
        if script.takes_effect:
            reply = answer(self.server.state, request, base=self.server.base)
        self.server.ending.wait(script.delay)
        if script.drop:
            self._cut()
        else:
            self._send(script, _scripted(script, reply))
        if script.hang_up:
            self.wfile.flush()
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, script: Answer, reply: Reply) -> None:
        payload = json.dumps(reply.body).encode()
        if script.text is not None:
            payload = script.text.encode("latin-1")
        if reply.status == HTTPStatus.NOT_MODIFIED:
            payload = b""
        headers = {
            "Content-Type": script.content_type,
            "Content-Length": str(len(payload)),
            **reply.headers,
            **script.headers,
        }
        self.send_response(reply.status, _phrase(reply.status))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._write(payload, script.drip)

    def _write(self, payload: bytes, drip: float) -> None:
        if not drip:
            self.wfile.write(payload)
            return
        for byte in payload:
            self.wfile.flush()
            if self.server.ending.wait(drip):
                return
            self.wfile.write(bytes([byte]))


def _scripted(script: Answer, reply: Reply) -> Reply:
    if script.status is not None:
        reply = replace(reply, status=script.status)
        if not script.accept:
            reply = replace(reply, body={"message": _phrase(script.status)})
    if script.body is None:
        return reply
    # A tag that is another body's would make the client take that one for known.
    headers = {name: value for name, value in reply.headers.items() if name != "ETag"}
    return replace(reply, body=script.body, headers=headers)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unheard Of"
