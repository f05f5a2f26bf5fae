"""How the intake ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from comenq_core.errors import SettingsError
from comenq_core.listener.queue import JobQueue
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.stop import StopFlag
from comenq_plugins.unix_socket.intake import UnixIntake
from tests.socket.serving import REQUEST, Served, serving, until


def test_name_is_gone_after_stop(served: Served) -> None:
    """Who connects afterwards sees at once that nobody is there."""
    served.finish()
    assert not served.path.exists()


def test_idle_client_is_told(served: Served) -> None:
    """A client that has asked for nothing learns that nothing was queued."""
    with served.talk() as client:
        client.ask({"op": "ping"})
        served.finish()
        assert client.reply()["code"] == "stopping"
        assert client.is_closed()


def test_request_in_work_is_answered(served: Served) -> None:
    """What is being made durable when the daemon stops is acknowledged; the rest is refused."""
    with served.talk() as client:
        served.store.acceptor.clear()
        client.send(REQUEST)
        until(served.store.entered.is_set)
        served.stop.set()
        until(lambda: not served.path.exists())
        served.store.acceptor.set()
        assert client.reply()["outcome"] == "ok"
        assert client.reply()["code"] == "stopping"
        assert client.is_closed()
    served.finish()


def test_it_serves_again(directory: Path) -> None:
    """The same path can be served once more."""
    for _ in range(2):
        with serving(directory / "c.sock") as served, served.talk() as client:
            assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def test_second_intake_on_a_path_fails(served: Served) -> None:
    """A path that is served already is an error; the first intake goes on."""
    queue = JobQueue(served.store, PacingPolicy(cooldown=0, jitter=0, attempt_limit=30))
    with StopFlag() as stop, pytest.raises(SettingsError, match="another daemon"):
        UnixIntake(served.path).serve(queue, stop)
    with served.talk() as client:
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}
