"""Stands between a client and the server: it can drop connections, refuse them, or stall."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from comenq_core.testing.deadline import DEADLINE

__all__ = ["Proxy"]

PIECE = 65_536


class Proxy:
    """A proxy on a Unix socket that serves for the length of a ``with`` block.

    Args:
        target: the server's socket; it need not be there all the time.
    """

    def __init__(self, target: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
        self._target = target
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._changing = threading.Lock()
        self._asking = threading.Event()
        self._answering = threading.Event()
        self._asking.set()
        self._answering.set()
        self._wanted: list[bytes] = []
        self._seen = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.directory / ".s.PGSQL.5432"))
        self._listener.listen()
        self._acceptor = threading.Thread(target=self._accept, name="proxy")

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        self.resume()
        self.drop()
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self.directory)

    @property
    def dsn(self) -> str:
        """How to reach the server through it."""
        return f"postgresql://postgres@/postgres?host={self.directory}"

    def stall(self) -> None:
        """Pass on nothing more, in either direction; connections stay open."""
        self._asking.clear()
        self._answering.clear()

    def stall_answers(self) -> None:
        """Pass on queries, but no answers."""
        self._answering.clear()

    def watch_for(self, *words: bytes) -> None:
        """Stall answers as soon as these words have come in queries, one after the other."""
        self._seen.clear()
        self._wanted = list(words)

    def wait_for_sight(self) -> None:
        """Block until the last of the watched words has come."""
        assert self._seen.wait(DEADLINE), f"{self._wanted!r} never came"

    def resume(self) -> None:
        """Pass on what has piled up, and all that follows."""
        self._asking.set()
        self._answering.set()

    def drop(self) -> None:
        """Cut every connection."""
        with self._changing:
            opened, self._open = self._open, []
        for end in opened:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                server.connect(str(self._target))
            except OSError:
                client.close()
                server.close()
                continue
            self._join(client, server)

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        left = [2]
        pair = (client, server)
        with self._changing:
            self._open += pair
        for source, target, acceptor in (
            (client, server, self._asking),
            (server, client, self._answering),
        ):
            thread = threading.Thread(
                target=self._pass, args=(source, target, acceptor, pair, left)
            )
            self._threads.append(thread)
            thread.start()

    def _pass(
        self,
        source: socket.socket,
        target: socket.socket,
        acceptor: threading.Event,
        pair: tuple[socket.socket, socket.socket],
        left: list[int],
    ) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                self._watch(piece)
                acceptor.wait()
                target.sendall(piece)
        for end in pair:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._changing:
            left[0] -= 1
            if left[0] == 0:
                for end in pair:
                    end.close()
                self._open = [end for end in self._open if end not in pair]

    def _watch(self, piece: bytes) -> None:
        if self._wanted and self._wanted[0] in piece:
            del self._wanted[0]
            if not self._wanted:
                self._answering.clear()
                self._seen.set()
