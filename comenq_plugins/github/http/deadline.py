"""Connections that end with the attempt they serve, and that know whether anything was sent.

requests limits the wait for each piece of an answer, not for the answer: a server that sends a
byte now and then keeps a client for ever. https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
And its exceptions do not say whether the request had gone out, which decides whether a comment may
be posted again.
"""

from __future__ import annotations

import io
import socket
import time
from contextvars import ContextVar
from http.client import HTTPResponse
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import PoolManager

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Adapter", "Deadline", "current"]

# A firewall may drop an idle connection without a word, and the next request on it would get no
# answer. The shortest such time in use is about a minute.
IDLE_LIMIT = 30.0


class Deadline:
    """The time that one attempt may take; a ``with`` block.

    When the time is up, what waits for the server is woken by a `TimeoutError`, its connection
    is closed, and no other is used.

    Args:
        seconds: how long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.may_be_sent = False
        """Whether the current request may have gone out; set to false before each one."""
        self._ends = time.monotonic() + seconds

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.reset(self._token)

    @property
    def remaining(self) -> float:
        """The seconds that are left; 0 when there are none."""
        return max(0.0, self._ends - time.monotonic())

    def required(self) -> float:
        """The seconds that are left.

        Raises:
            TimeoutError: there are none.
        """
        remaining = self.remaining
        if not remaining:
            raise TimeoutError("the attempt's time is up")
        return remaining


_current: ContextVar[Deadline] = ContextVar("deadline")


def current() -> Deadline:
    """The deadline of this thread's attempt."""
    return _current.get()


class _Reader(io.RawIOBase):
    """Reads from a socket for as long as the attempt has time, however little arrives at once."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._sock.settimeout(current().required())
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Reader(sock, self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Response
    _used = 0.0

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        try:
            # Resolving the name has no limit of its own.
            current().required()
        except TimeoutError:
            connected.close()
            raise
        return connected

    def connect(self) -> None:
        super().connect()
        current().may_be_sent = True

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        if self.sock is not None:
            current().may_be_sent = True
        super().request(*args, **options)
        self._used = time.monotonic()

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._used < IDLE_LIMIT


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Adapter(HTTPAdapter):
    """Carries the requests of a session over connections that know their `Deadline`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **options)
        _use_our_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:  # noqa: ANN401
        """Make the pools for connections through a proxy."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        _use_our_pools(manager)
        return manager


def _use_our_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
