"""What the tests of the service share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from comenq_core.testing.forge import Forge


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as stand_in:
        yield stand_in
