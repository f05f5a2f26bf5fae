"""What the tests of the MCP server share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.forge import Forge
from tests.cli.command import environment
from tests.mcp.agent import Agent
from tests.process.daemon import Daemon
from tests.socket.serving import Served, serving, short_directory


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
def agent(served: Served) -> Iterator[Agent]:
    """An agent whose session has begun."""
    with Agent(environment(served.path)) as started:
        started.begin()
        yield started


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as stand_in:
        yield stand_in


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Daemon]:
    """A daemon that follows a reviewer, with no cooldown."""
    with Daemon(forge.url, reviewers=["coderabbit"]) as made:
        yield made.start()
