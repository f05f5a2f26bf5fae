"""A service manager's end of the notification socket."""

from __future__ import annotations

import socket
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from comenq_core.testing.deadline import DEADLINE

__all__ = ["Manager"]


class Manager:
    """Receives what a service tells it, in order, at once: otherwise a sender would block.

    Args:
        path: of the socket, for ``NOTIFY_SOCKET``.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._arrived: SimpleQueue[str] = SimpleQueue()
        self._receiver = Thread(target=self._receive, name="manager")
        self.heard: list[str] = []

    def __enter__(self) -> Self:
        self._receiver.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RD)
        self._receiver.join()
        self._socket.close()

    def _receive(self) -> None:
        while message := self._socket.recv(4096):
            self._arrived.put(message.decode())

    def until(self, start: str) -> str:
        """Wait for an assignment that begins so, and return it.

        Raises:
            queue.Empty: nothing came for too long.
        """
        while True:
            assignments = self._arrived.get(timeout=DEADLINE).splitlines()
            self.heard += assignments
            for assignment in assignments:
                if assignment.startswith(start):
                    return assignment
