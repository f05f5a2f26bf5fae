"""What scripts/install.sh installs."""

from __future__ import annotations

import subprocess
import sys

from tests.service.wheelhouse import CHECKOUT


def test_installed_versions_are_the_tested_ones() -> None:
    """requirements.txt has a hash for all that comenq needs, in the versions of constraints.txt."""
    command = (CHECKOUT / "scripts" / "requirements", "--check")
    environ = {"COMENQ_PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_index_is_named() -> None:
    """Who installs chooses the index, or none."""
    assert "://" not in (CHECKOUT / "requirements.txt").read_text()
