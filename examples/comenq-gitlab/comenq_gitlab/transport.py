"""Sends one request, and returns the answer, or why there is none.

It uses the standard library's HTTP client, for two reasons. It has to know whether a request may
have been sent, which decides whether the comment may be posted again. And the whole call has a time
limit, while other clients limit only the wait for each piece of an answer.
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
"""Why there is no answer."""

ANSWER_LIMIT = 128 * 1024 * 1024
"""Bytes of an answer; a page of a hundred of the longest notes is smaller."""


class Call:
    """Requests that share one time limit.

    Args:
        url: this GitLab's address; its API is below it.
        token: the account's.
        seconds: how long all requests together may take.
    """

    def __init__(self, url: str, token: str, seconds: float) -> None:
        self._parts = urlsplit(f"{url}/api/v4")
        self._token = token
        self._ends = time.monotonic() + seconds

    def ask(
        self, method: str, path: str, payload: Mapping[str, str] | None = None
    ) -> Reply | NoReply:
        """Send one request, to a path below the API's address; redirects are not followed.

        The token is removed from the answer, so that no message can show it.
        """
        place = printable(self._parts.netloc)
        with ExitStack() as stack:
            try:
                connection = self._connected(stack)
            except OSError as error:
                return Unavailable(message=f"{place} cannot be reached: {printable(error)}")
            # From here on, GitLab may have received the request, whatever fails.
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
        # A timeout of 0 would make the socket non-blocking.
        return max(self._ends - time.monotonic(), 0.001)

    @property
    def _headers(self) -> Mapping[str, str]:
        # For tokens of all kinds: https://docs.gitlab.com/api/rest/authentication/
        return {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "User-Agent": f"comenq-gitlab (comenq/{__version__})",
        }

    def _connected(self, stack: ExitStack) -> HTTPConnection:
        host, is_secure = str(self._parts.hostname), self._parts.scheme == "https"
        kind = HTTPSConnection if is_secure else HTTPConnection
        connection = stack.enter_context(closing(kind(host, self._parts.port)))
        # Each of the host's addresses gets this long, so that four that do not answer fit in.
        address, timeout = (connection.host, connection.port), self._remaining / 4
        wire = stack.enter_context(socket.create_connection(address, timeout))
        self._limit(wire, stack)
        wire.settimeout(self._remaining)
        if is_secure:
            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
        connection.sock = wire
        return connection

    def _limit(self, wire: socket.socket, stack: ExitStack) -> None:
        """Shut the connection down when the time is over, which ends a read of the answer."""
        # A duplicate, since TLS takes over the other one.
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
    with suppress(OSError):  # the other side may have closed it
        handle.shutdown(socket.SHUT_RDWR)
