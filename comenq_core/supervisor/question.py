"""One question to the listener that never blocks who asks."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

__all__ = ["Question"]

_QUESTION = b'{"op": "status"}\n'
_REPLY_LIMIT = 1 << 20


class Question:
    """Asks for the status.

    Args:
        path: the listener's socket.

    Raises:
        OSError: nobody listens there.
    """

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._reply = b""
        try:
            self._socket.settimeout(0)
            self._socket.connect(path)
            self._socket.sendall(_QUESTION)
        except OSError:
            self._socket.close()
            raise

    def reply(self) -> dict[str, Any] | None:
        """The reply, once it is whole; ``None`` before.

        Raises:
            OSError: the connection has ended before, or what came is no reply.
        """
        with suppress(BlockingIOError):
            while piece := self._socket.recv(65_536):
                self._reply += piece
                if self._reply.endswith(b"\n"):
                    return _read(self._reply)
                if len(self._reply) > _REPLY_LIMIT:
                    break
            raise ConnectionResetError("no whole reply")
        return None

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def _read(reply: bytes) -> dict[str, Any]:
    try:
        value = json.loads(reply)
    except ValueError as error:
        raise ConnectionResetError("no reply") from error
    return value if isinstance(value, dict) else {}
