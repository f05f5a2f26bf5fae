"""Accepting connections."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.unix_socket import acceptor
from comenq_plugins.unix_socket.acceptor import accept_connections


class _Exhausted(socket.socket):
    """Finds no descriptor for the first few connections."""

    failures = 0
    accepted = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.accepted += 1
        if self.accepted <= self.failures:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


class _Closing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


@contextmanager
def _exhausted(path: Path, failures: int) -> Iterator[_Exhausted]:
    with _Exhausted(socket.AF_UNIX) as listener:
        listener.failures = failures
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(0)
        yield listener


def test_no_connection_is_accepted_at_once_after_a_failure(directory: Path) -> None:
    """Where there is no descriptor left, the socket is not looked at for a while."""

    async def connect() -> int:
        with _exhausted(directory / "c.sock", failures=1) as listener:
            accepting = asyncio.create_task(accept_connections(listener, _Closing))
            _, writer = await asyncio.open_unix_connection(directory / "c.sock")
            for _ in range(20):
                await asyncio.sleep(0)
            writer.close()
            accepting.cancel()
            return listener.accepted

    assert asyncio.run(connect()) == 1


def test_connections_are_accepted_again_later(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that connected while there was no descriptor is served once there is one."""
    monkeypatch.setattr(acceptor, "RETRY_SECONDS", 0.01)

    async def connect() -> int:
        with _exhausted(directory / "c.sock", failures=3) as listener:
            accepting = asyncio.create_task(accept_connections(listener, _Closing))
            async with asyncio.timeout(DEADLINE):
                reader, writer = await asyncio.open_unix_connection(directory / "c.sock")
                await reader.read()
            writer.close()
            accepting.cancel()
            return listener.accepted

    assert asyncio.run(connect()) >= 4


def test_requests_are_read_before_many_more_connections_are_made(directory: Path) -> None:
    """A client that has sent its request already is not taken for idle for long."""
    unread, most_unread, read = 0, 0, 0

    class Recorder(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal unread, most_unread
            unread += 1
            most_unread = max(most_unread, unread)

        def data_received(self, data: bytes) -> None:
            nonlocal unread, read
            unread -= 1
            read += 1

        def eof_received(self) -> None:
            ended.release()

    async def connect() -> None:
        with _exhausted(directory / "c.sock", failures=0) as listener:
            for _ in range(50):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(directory / "c.sock"))
                    client.sendall(b"request")
            accepting = asyncio.create_task(accept_connections(listener, Recorder))
            async with asyncio.timeout(DEADLINE):
                for _ in range(50):
                    await ended.acquire()
            accepting.cancel()

    ended = asyncio.Semaphore(0)
    asyncio.run(connect())
    assert (read, unread) == (50, 0)
    assert most_unread <= 16
