"""What the tests of the service share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.forge import Forge
from tests.service.machine import Machine
from tests.service.service import UNCHANGED, Service
from tests.service.wheelhouse import WHEEL


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as made:
        yield made


@pytest.fixture(scope="module")
def machine(wheels: Path) -> Iterator[Machine]:
    """A machine with a systemd, wheels to install, and two users."""
    with Machine() as made:
        shutil.copytree(wheels, made.share / "wheels")
        for name in ("member", "outsider"):
            made.run("useradd", "--create-home", name)
        yield made


@pytest.fixture(scope="module")
def stand_in(machine: Machine) -> Iterator[Forge]:
    """A GitHub stand-in on the machine's loopback."""
    with machine.on_its_network(Forge) as made:
        yield made


@pytest.fixture(scope="module")
def wheel(machine: Machine) -> str:
    """The checkout's wheel, as it is called on the machine."""
    (path,) = (machine.share / "wheels").glob(WHEEL)
    return f"/mnt/share/wheels/{path.name}"


@pytest.fixture
def installed(machine: Machine, stand_in: Forge) -> Service:
    """comenq, installed and told where to post and with what, with one member in its group."""
    service = Service(machine, stand_in)
    said = service.install()
    service.configure()
    if UNCHANGED not in said:
        service.systemctl("restart")
    # Each test may start it as often as systemd lets anybody within ten minutes.
    machine.run("systemctl", "reset-failed", "comenq", status=None)
    return service


@pytest.fixture
def service(installed: Service) -> Service:
    """The same, and running."""
    installed.systemctl("start")
    return installed
