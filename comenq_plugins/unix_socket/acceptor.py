"""Lets clients in, and bears it when the process has no descriptor left for one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from comenq_core.process.log import Log
from comenq_plugins.unix_socket.transport import Channel, Party

__all__ = ["Acceptor"]

log = Log("unix")

AT_ONCE = 8
PAUSE = 0.5
"""Seconds until it is tried again: asyncio's own server spins through its backlog instead.

https://github.com/python/cpython/issues/151615
"""


class Acceptor:
    """Accepts connections until it is closed.

    Args:
        loop: the loop that connections live on.
        listener: the listening socket, which does not block.
        connect: makes our end of a new connection.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        connect: Callable[[], Party],
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._connect = connect
        self._pause: asyncio.TimerHandle | None = None
        self._open()

    def close(self) -> None:
        """Let nobody in any more."""
        self._loop.remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()

    def _open(self) -> None:
        self._loop.add_reader(self._listener, self._accept_some)

    def _accept_some(self) -> None:
        for _ in range(AT_ONCE):
            try:
                peer, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait(error)
                return
            if self._pause is not None:
                self._pause = None
                log.info("accepting", "Clients can connect again.")
            peer.settimeout(0)
            Channel(self._loop, peer, self._connect()).open()

    def _wait(self, error: OSError) -> None:
        if self._pause is None:
            log.error("not_accepting", "No client can connect for want of resources.",
                      error=error.strerror)  # fmt: skip
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(PAUSE, self._open)
