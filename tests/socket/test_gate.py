"""Letting clients in."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest

from comenq_plugins.unix_socket import acceptor
from comenq_plugins.unix_socket.acceptor import Acceptor
from comenq_plugins.unix_socket.transport import Channel, Party


class _Exhausted(socket.socket):
    """Finds no descriptor for a client, so often as it is told to."""

    failures = 0
    accepted = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.accepted += 1
        if self.accepted <= self.failures:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


class _Greeter(Party):
    def connection_made(self, channel: Channel) -> None:
        channel.close()


def test_gate_rests_while_there_is_no_descriptor(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure the socket is not watched, until some time later it is tried again."""
    monkeypatch.setattr(acceptor, "PAUSE", 0.01)
    watched = []

    async def connect() -> None:
        loop = asyncio.get_running_loop()
        with _Exhausted(socket.AF_UNIX) as listener:
            listener.failures = 3
            listener.bind(str(directory / "c.sock"))
            listener.listen()
            listener.settimeout(0)
            opened = Acceptor(loop, listener, _Greeter)
            accept_some = opened._accept_some

            def look_after() -> None:
                accept_some()
                watched.append(loop.remove_reader(listener))
                if watched[-1]:
                    loop.add_reader(listener, look_after)

            loop.add_reader(listener, look_after)
            opened._accept_some = look_after  # type: ignore[method-assign]
            reader, writer = await asyncio.open_unix_connection(directory / "c.sock")
            await reader.read()
            opened.close()
            writer.close()

    asyncio.run(connect())
    assert watched[:4] == [False, False, False, True]
