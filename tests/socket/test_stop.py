"""How the intake stops."""

from __future__ import annotations

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from comenq_core.errors import SettingsError
from comenq_core.listener.queue import JobQueue
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.stop import StopFlag
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.unix_socket.batcher import Batcher
from comenq_plugins.unix_socket.intake import UnixIntake
from comenq_plugins.unix_socket.limits import Limits
from comenq_plugins.unix_socket.server import Connections
from tests.socket.serving import REQUEST, Served, serving, until


def test_name_is_gone_after_stop(served: Served) -> None:
    """A client that connects afterwards finds no socket."""
    served.finish()
    assert not served.path.exists()


def test_idle_client_is_told(served: Served) -> None:
    """A client that waits for nothing gets the error ``stopping``."""
    with served.talk() as client:
        client.ask({"op": "ping"})
        served.finish()
        assert client.reply()["code"] == "stopping"
        assert client.is_closed()


def test_request_in_work_is_answered(served: Served) -> None:
    """A request that is being made durable is acknowledged, then comes the error ``stopping``."""
    with served.talk() as client:
        served.store.block()
        client.send(REQUEST)
        until(served.store.entered.is_set)
        served.stop.set()
        until(lambda: not served.path.exists())
        served.store.release()
        assert client.reply()["outcome"] == "ok"
        assert client.reply()["code"] == "stopping"
        assert client.is_closed()
    served.finish()


def test_connection_that_is_made_while_stopping_gets_the_error() -> None:
    """A client that was accepted just before the stop gets the error ``stopping``, too."""

    async def connect() -> bytes:
        connections = Connections(Limits(), Batcher(ThreadPoolExecutor(1), lambda _: []))
        await connections.close()
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=theirs)
        await asyncio.get_running_loop().connect_accepted_socket(connections.connect, ours)
        async with asyncio.timeout(DEADLINE):
            reply = await reader.read()
        writer.close()
        return reply

    assert json.loads(asyncio.run(connect()))["code"] == "stopping"


def test_it_serves_again(directory: Path) -> None:
    """The same path can be served again."""
    for _ in range(2):
        with serving(directory / "c.sock") as served, served.talk() as client:
            assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def test_second_intake_on_a_path_fails(served: Served) -> None:
    """A path that is served already is an error, and the first intake stays."""
    queue = JobQueue(served.store, PacingPolicy(cooldown=0, jitter=0, attempt_limit=30))
    with StopFlag() as stop, pytest.raises(SettingsError, match="another daemon"):
        UnixIntake(served.path).serve(queue, stop)
    with served.talk() as client:
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}
