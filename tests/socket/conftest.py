"""Fixtures for tests over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.socket.serving import Served, serving, short_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a short name, removed afterwards."""
    with short_directory() as made:
        yield made


@pytest.fixture
def served(directory: Path) -> Iterator[Served]:
    """An intake with the usual limits."""
    with serving(directory / "c.sock") as up:
        yield up
