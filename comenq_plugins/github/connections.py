"""Connections that end with the attempt they serve, and that tell whether anything was sent.

requests limits the wait for each piece of an answer, not for the answer: a server that sends a
byte now and then holds a client for ever. https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
And what it raises does not tell whether the request had gone out, which decides whether a comment
may be posted again.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from contextvars import ContextVar
from threading import Lock, Timer
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import PoolManager

__all__ = ["Adapter", "Attempt"]

# A firewall forgets a quiet connection without telling anybody, and the next request on it would
# wait for an answer in vain. The shortest such time in use is about a minute.
IDLE_LIMIT = 30.0


class Attempt:
    """The time that one attempt may take; a ``with`` block.

    When the time is up, the connection in use is shut down, and no other is opened: the thread
    that reads from it wakes up and nothing can be sent any more.

    Args:
        seconds: how long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.may_be_sent = False
        """Whether the request in hand may have gone out. Whoever sends one sets it to false."""
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = Lock()
        self._cut_off = False
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _current.reset(self._token)
        with self._lock:
            self._release()

    @property
    def remaining(self) -> float:
        """The seconds that are left; 0 when there are none."""
        return 0.0 if self._cut_off else max(0.0, self._ends - time.monotonic())

    def watch(self, descriptor: int) -> None:
        """Shut the connection with this descriptor down when the time is up.

        Raises:
            TimeoutError: it is up already.
        """
        with self._lock:
            if not self.remaining:
                raise TimeoutError("the attempt's time is up")
            self._release()
            # A descriptor of our own: http.client closes its own before the answer is read.
            self._socket = socket.socket(fileno=os.dup(descriptor))

    def _cut(self) -> None:
        with self._lock:
            self._cut_off = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


_current: ContextVar[Attempt] = ContextVar("attempt")


def current() -> Attempt:
    """The attempt that this thread is making."""
    return _current.get()


class _Connection(HTTPConnection):
    _used = 0.0

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        try:
            # Before the TLS handshake, which a server can draw out as well.
            current().watch(connected.fileno())
        except BaseException:
            connected.close()
            raise
        return connected

    def connect(self) -> None:
        super().connect()
        current().may_be_sent = True

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        if self.sock is not None:
            current().watch(self.sock.fileno())
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
    """Carries the requests of a session over connections that know their `Attempt`."""

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
