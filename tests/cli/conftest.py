"""Fixtures for tests of the command."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cli.command import environment, run
from tests.socket.serving import Served, serving, short_directory

Comenq = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a short name, removed afterwards."""
    with short_directory() as made:
        yield made


@pytest.fixture
def served(directory: Path) -> Iterator[Served]:
    """A daemon's socket, with a worker that does nothing."""
    with serving(directory / "c.sock") as up, up.store.lock():
        yield up


@pytest.fixture
def comenq(served: Served) -> Comenq:
    """The command, connected to the daemon of `served`."""
    return partial(run, env=environment(served.path))


@pytest.fixture
def time_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is in the module's ``ZONE``."""
    monkeypatch.setenv("TZ", request.module.ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
