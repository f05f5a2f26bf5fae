"""A fresh environment with the examples in it, as pip makes it of their wheels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.environment import install

EXAMPLES = ("comenq-email", "comenq-gitlab")


@pytest.fixture(scope="session")
def commands(wheels: Path) -> Iterator[Path]:
    """The directory of its commands. What the examples need is that of the tests: no network."""
    with tempfile.TemporaryDirectory(prefix="cq") as directory:
        yield install(Path(directory), wheels, *EXAMPLES)
