"""A server on the daemon's socket that behaves as a test needs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from comenq_core.testing.deadline import DEADLINE

__all__ = ["fake_daemon", "read_to_end"]

Behaviour = Callable[[socket.socket], object]


@contextmanager
def fake_daemon(path: Path, behave: Behaviour, clients: int = 1) -> Iterator[str]:
    """A server that treats the first clients so, and closes their connections."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(DEADLINE)

        def serve() -> None:
            for _ in range(clients):
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(DEADLINE)
                    behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield str(path)
        thread.join(DEADLINE)


def read_to_end(connection: socket.socket) -> bytes:
    """Everything that the client sends."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))
