"""An environment in which pip has installed the examples' wheels."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.wheelhouse import CHECKOUT, build_wheel, fill

EXAMPLES = ("comenq-email", "comenq-gitlab")


@pytest.fixture(scope="session")
def commands() -> Iterator[Path]:
    """The directory of its commands. No network is needed."""
    with tempfile.TemporaryDirectory(prefix="cq") as directory:
        wheels, environment = Path(directory, "wheels"), Path(directory, "environment")
        wheels.mkdir()
        fill(wheels, "aiosmtpd")
        build_wheel(wheels)
        build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel")
        for name in EXAMPLES:
            command = [*build, "--directory", str(wheels)]
            subprocess.run(command, cwd=CHECKOUT / "examples" / name, check=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        # Installing pip would take longer than all of this.
        pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python", "--quiet")
        install = (*pip, "install", "--no-compile", "--no-index", "--find-links", wheels)
        subprocess.run([*install, *EXAMPLES], check=True)
        yield environment / "bin"
