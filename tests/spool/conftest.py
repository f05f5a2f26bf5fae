"""A spool for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from comenq_core.model import Instant
from comenq_core.testing.clock import FakeClock
from comenq_plugins.spool import SpoolStore
from tests.spool.rig import Opener, open_at


@pytest.fixture
def clock() -> FakeClock:
    """The clock that the test's spool goes by."""
    return FakeClock()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where the spool is, or will be once a test opens it."""
    return tmp_path / "queue"


@pytest.fixture
def opener(spool: Path, clock: FakeClock) -> Iterator[Opener]:
    """Opens the test's spool once more, as another process would."""
    with ExitStack() as stack:

        def opened(clock: Callable[[], Instant] = clock, **options: object) -> SpoolStore:
            store = open_at(spool, clock, **options)  # type: ignore[arg-type]
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def store(opener: Opener) -> SpoolStore:
    """The test's spool, opened."""
    return opener()
