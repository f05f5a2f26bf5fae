"""A service manager's end of the notification socket."""

from __future__ import annotations

import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.process.log import DEADLINE

__all__ = ["Manager"]


class Manager:
    """Receives what a service tells it, in order.

    Args:
        path: of the socket, for ``NOTIFY_SOCKET``.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(DEADLINE)
        self._socket.bind(str(path))
        self.heard: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def until(self, start: str) -> str:
        """Receive up to an assignment that begins so, and return it.

        Raises:
            TimeoutError: nothing came for too long.
        """
        while True:
            assignments = self._socket.recv(4096).decode().splitlines()
            self.heard += assignments
            for assignment in assignments:
                if assignment.startswith(start):
                    return assignment
