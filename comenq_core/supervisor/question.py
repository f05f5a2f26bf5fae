"""Questions to the listener that never block who asks: supervisord's loop waits for the replies."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, MutableMapping
from typing import Any

__all__ = ["STATUS_SOCKET_VARIABLE", "Question"]

STATUS_SOCKET_VARIABLE = "COMENQ_STATUS_SOCKET"
"""Tells supervisord where the listener answers the operation ``status``; empty: nowhere."""

_QUESTION = b'{"op": "status"}\n'
_REPLY_LIMIT = 1 << 20


class Question:
    """Asks for the status, again and again.

    Args:
        path: the listener's socket.
        dispatchers: what the loop waits for, by descriptor; see asyncore in supervisor.medusa.
        answered: called with each reply.
    """

    def __init__(
        self,
        path: str,
        dispatchers: MutableMapping[int, object],
        answered: Callable[[dict[str, Any]], None],
    ) -> None:
        self._path = path
        self._dispatchers = dispatchers
        self._answered = answered
        self._socket: socket.socket | None = None
        self._reply = b""

    def ask(self) -> None:
        """Ask once more.

        Raises:
            OSError: nobody listens there, or the last question has no reply yet.
        """
        if self._socket:
            raise TimeoutError("no reply yet")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._dispatchers[self._socket.fileno()] = self
        try:
            self._socket.settimeout(0)
            self._socket.connect(self._path)
            self._socket.sendall(_QUESTION)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Wait for a reply no more."""
        if self._socket:
            del self._dispatchers[self._socket.fileno()]
            self._socket.close()
        self._socket, self._reply = None, b""

    def readable(self) -> bool:
        """The loop waits for the reply, until there is one."""
        return self._socket is not None

    def writable(self) -> bool:
        """The question is sent already."""
        return False

    def handle_read_event(self) -> None:
        """Read on; pass the reply on once it is whole."""
        assert self._socket
        piece = self._socket.recv(65_536)
        self._reply += piece
        if self._reply.endswith(b"\n"):
            reply = json.loads(self._reply)
            self.close()
            self._answered(reply if isinstance(reply, dict) else {})
        elif not piece or len(self._reply) > _REPLY_LIMIT:
            self.close()

    def handle_error(self) -> None:
        """What came is no reply, or the connection has ended."""
        self.close()
