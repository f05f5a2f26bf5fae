"""What a channel sends, what it passes on, and how it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.unix_socket.transport import Channel, Party

MUCH = bytes(range(256)) * 8_000


class _Recorder(Party):
    """Notes what it is told; what has arrived is passed to ``on_data``."""

    def __init__(self, on_data: Callable[[bytes], None] = lambda _: None) -> None:
        self.told: list[str] = []
        self.lost = asyncio.Event()
        self._on_data = on_data

    def connection_made(self, channel: Channel) -> None:
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.told.append("data")
        self._on_data(data)

    def eof_received(self) -> None:
        self.told.append("eof")

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")

    def connection_lost(self) -> None:
        self.told.append("lost")
        self.lost.set()


Scene = Callable[[_Recorder, Channel, socket.socket], Awaitable[None]]


def act(scene: Scene, on_data: Callable[[bytes], None] = lambda _: None) -> list[str]:
    """Play a scene with an open channel and its other end; what was told, defects too."""

    async def play() -> list[str]:
        loop = asyncio.get_running_loop()
        recorder = _Recorder(on_data)

        def report(_loop: object, context: dict[str, Any]) -> None:
            recorder.told.append(repr(context["exception"]))

        loop.set_exception_handler(report)
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setblocking(False)
            channel = Channel(loop, ours, recorder)
            channel.open()
            async with asyncio.timeout(DEADLINE):
                await scene(recorder, channel, theirs)
                channel.abort()
                await recorder.lost.wait()
        assert ours.fileno() == -1
        return recorder.told

    return asyncio.run(play())


async def read(other: socket.socket, size: int) -> bytes:
    """So many bytes, or all until the end."""
    data = b""
    while len(data) < size and (part := await asyncio.get_running_loop().sock_recv(other, 1 << 16)):
        data += part
    return data


def test_what_the_other_side_does_not_take_at_once_is_sent_later() -> None:
    """All of it arrives, and the party is asked once to pause and once to go on."""

    async def scene(_recorder: _Recorder, channel: Channel, other: socket.socket) -> None:
        for _ in range(3):
            channel.write(MUCH)
        assert channel.unsent
        assert await read(other, 3 * len(MUCH)) == 3 * MUCH

    assert act(scene) == ["made", "pause", "resume", "lost"]


def test_closing_sends_what_was_written_before() -> None:
    """The other side gets everything, then the end."""

    async def scene(recorder: _Recorder, channel: Channel, other: socket.socket) -> None:
        channel.write(MUCH)
        channel.close()
        channel.write(b"too late")
        assert await read(other, 2 * len(MUCH)) == MUCH
        await recorder.lost.wait()

    assert act(scene) == ["made", "pause", "resume", "lost"]


def test_end_of_writing_comes_after_what_was_written() -> None:
    """The other side reads to the end, and may still send."""

    async def scene(recorder: _Recorder, channel: Channel, other: socket.socket) -> None:
        channel.write(MUCH)
        channel.write_eof()
        assert await read(other, 2 * len(MUCH)) == MUCH
        other.send(b"more")
        while "data" not in recorder.told:
            await asyncio.sleep(0)

    assert act(scene) == ["made", "pause", "resume", "data", "lost"]


def test_other_side_that_goes_away_ends_the_channel() -> None:
    """Nothing is raised at whoever writes, however often, and the end is told once."""

    async def scene(recorder: _Recorder, channel: Channel, other: socket.socket) -> None:
        other.close()
        channel.write(b"nobody")
        channel.write(b"reads this")
        await recorder.lost.wait()

    assert act(scene) == ["made", "lost"]


def test_end_of_what_arrives_is_told_once() -> None:
    """The channel stays open for what is still to be sent."""

    async def scene(recorder: _Recorder, channel: Channel, other: socket.socket) -> None:
        other.shutdown(socket.SHUT_WR)
        while "eof" not in recorder.told:
            await asyncio.sleep(0)
        channel.write(b"all the same")
        assert await read(other, 12) == b"all the same"

    assert act(scene) == ["made", "eof", "lost"]


def test_nothing_is_passed_on_while_reading_pauses() -> None:
    """What arrives meanwhile is passed on afterwards."""

    async def scene(recorder: _Recorder, channel: Channel, other: socket.socket) -> None:
        channel.pause_reading()
        other.send(b"x")
        for _ in range(3):
            await asyncio.sleep(0)
        assert recorder.told == ["made"]
        channel.resume_reading()
        while "data" not in recorder.told:
            await asyncio.sleep(0)

    assert act(scene) == ["made", "data", "lost"]


def test_defect_of_the_party_ends_its_channel_alone() -> None:
    """The loop is told of it, and goes on."""

    def fail(_data: bytes) -> None:
        raise ZeroDivisionError

    async def scene(recorder: _Recorder, _channel: Channel, other: socket.socket) -> None:
        other.send(b"x")
        await recorder.lost.wait()

    assert act(scene, fail) == ["made", "data", "ZeroDivisionError()", "lost"]
