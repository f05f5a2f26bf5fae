"""The address stays: what a sweeper takes away is made again."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from comenq_core.process.unix_address import listening
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.unix_socket import intake
from tests.socket.serving import serving, until


@pytest.fixture(autouse=True, params=["told by the kernel", "looking again and again"])
def soon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than usual, or never until the kernel tells."""
    monkeypatch.setattr(intake, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(intake, "WATCHED_SECONDS", DEADLINE)
    if request.param == "looking again and again":
        monkeypatch.setitem(sys.modules, "inotify_simple", None)


def test_a_swept_socket_is_made_again(directory: Path) -> None:
    """Clients can connect again, and those that are connected stay so."""
    with serving(directory / "c.sock") as served, served.talk() as early:
        served.path.unlink()
        until(served.is_up)
        assert early.ask({"op": "ping"})["outcome"] == "ok"


def test_a_directory_that_was_removed_is_made_again(directory: Path) -> None:
    """Where the directory is gone, or made anew, the socket returns."""
    with serving(directory / "run" / "c.sock") as served:
        shutil.rmtree(served.path.parent)
        until(served.is_up)
        shutil.rmtree(served.path.parent)
        served.path.parent.mkdir()
        until(served.is_up)


def test_a_path_that_cannot_be_used_is_tried_again(directory: Path) -> None:
    """While something else is at the path, the intake waits; then it returns."""
    with serving(directory / "c.sock") as served:
        (directory / "other").write_text("not ours")
        (directory / "other").rename(served.path)
        until(lambda: not (directory / "c.sock.lock").exists() or served.thread.is_alive())
        assert served.path.read_text() == "not ours"
        served.path.unlink()
        until(served.is_up)


def test_a_path_that_leads_elsewhere_is_seen(directory: Path) -> None:
    """A path whose file is gone, or another one, does not lead here."""
    path = directory / "c.sock"
    with listening(path) as address:
        assert address.leads_here()
        path.unlink()
        assert not address.leads_here()
        path.touch()
        assert not address.leads_here()
