"""What the tests of whole daemons share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as stand_in:
        yield stand_in


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Daemon]:
    """A daemon that takes requests, with no cooldown."""
    with Daemon(forge.url) as made:
        yield made.start()
