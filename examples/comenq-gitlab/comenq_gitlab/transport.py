"""Sends one request and brings back the answer, or what is known about why there is none.

It is the standard library's HTTP, since two things matter more here than comfort: to know whether
a request may have gone out, which decides whether the comment may be posted again; and that all is
over in time, while the usual clients limit the wait for each piece of an answer alone.
https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from urllib.parse import urlsplit

from comenq_core import __version__, printable
from comenq_core.model import Unavailable, Unknown
from comenq_gitlab.replies import Reply

__all__ = ["Call", "NoReply"]

NoReply = Unavailable | Unknown
"""Why there is no answer to read."""

ANSWER_LIMIT = 128 * 1024 * 1024
"""Bytes of an answer: a page of a hundred of the longest notes fits."""


class Call:
    """Requests that have to be over together, at a certain time.

    Args:
        url: where people find this GitLab; its API is below that.
        token: of the account.
        seconds: how long all of it may take.
    """

    def __init__(self, url: str, token: str, seconds: float) -> None:
        self._parts = urlsplit(f"{url}/api/v4")
        self._token = token
        self._ends = time.monotonic() + seconds

    def ask(
        self, method: str, path: str, payload: Mapping[str, str] | None = None
    ) -> Reply | NoReply:
        """Send one request, below the API's address; redirects are for the caller to see.

        The token is struck out of what comes back, so that no message can show it.
        """
        place = printable(self._parts.netloc)
        with ExitStack() as stack:
            try:
                connection = self._connected(stack)
            except OSError as error:
                return Unavailable(message=f"{place} cannot be reached: {printable(error)}")
            # From here on, GitLab may have received the request, whatever goes wrong.
            try:
                connection.request(
                    method,
                    f"{self._parts.path}{path}",
                    body=None if payload is None else json.dumps(payload).encode(),
                    headers=self._headers,
                )
                return self._received(connection)
            except (OSError, HTTPException) as error:
                reason = printable(error) or type(error).__name__
                return Unknown(message=f"{place} may or may not have the request: {reason}")

    @property
    def _remaining(self) -> float:
        # A timeout of nothing would mean something else to a socket.
        return max(self._ends - time.monotonic(), 0.001)

    @property
    def _headers(self) -> Mapping[str, str]:
        # https://docs.gitlab.com/api/rest/authentication/ takes tokens of all kinds like this.
        return {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "User-Agent": f"comenq-gitlab (comenq/{__version__})",
        }

    def _connected(self, stack: ExitStack) -> HTTPConnection:
        host, is_secure = str(self._parts.hostname), self._parts.scheme == "https"
        kind = HTTPSConnection if is_secure else HTTPConnection
        connection = stack.enter_context(closing(kind(host, self._parts.port)))
        # Each of the host's addresses is given this long, and four that are silent fit in.
        address, timeout = (connection.host, connection.port), self._remaining / 4
        wire = stack.enter_context(socket.create_connection(address, timeout))
        self._limit(wire, stack)
        wire.settimeout(self._remaining)
        if is_secure:
            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
        connection.sock = wire
        return connection

    def _limit(self, wire: socket.socket, stack: ExitStack) -> None:
        """Shut a connection when the time is up: for whoever reads from it, the answer ends."""
        # A handle of its own, since TLS takes the other one over.
        handle = stack.enter_context(wire.dup())
        timer = Timer(self._remaining, _shut, [handle])
        timer.daemon = True
        timer.start()
        stack.callback(timer.join)
        stack.callback(timer.cancel)

    def _received(self, connection: HTTPConnection) -> Reply:
        with connection.getresponse() as response:
            body = response.read(ANSWER_LIMIT)
            headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(
            status=response.status,
            headers={name: value.replace(self._token, "***") for name, value in headers.items()},
            body=body.replace(self._token.encode(), b"***"),
        )


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):  # the other side may have been faster
        handle.shutdown(socket.SHUT_RDWR)
