"""What the tests of the service share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from comenq_core.testing.forge import Forge
from tests.service.machine import Machine
from tests.service.wheelhouse import build_wheel, fill


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as made:
        yield made


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with a systemd, wheels to install, and two users."""
    with Machine() as made:
        wheels = made.share / "wheels"
        wheels.mkdir()
        fill(wheels)
        build_wheel(wheels)
        for name in ("member", "outsider"):
            made.run("useradd", "--create-home", name)
        yield made


@pytest.fixture(scope="module")
def stand_in(machine: Machine) -> Iterator[Forge]:
    """A GitHub stand-in on the machine's loopback."""
    with machine.on_its_network(Forge) as made:
        yield made
