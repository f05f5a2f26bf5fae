"""What the worker's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.rig import Rig, rig


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Rig]:
    """A worker with a cooldown of 900 s, a spool and a forge."""
    with rig(tmp_path) as made:
        yield made


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Rig]:
    """A worker without a cooldown."""
    with rig(tmp_path, cooldown_period_seconds=0.0) as made:
        yield made
