"""Programs of npm, each installed into a directory of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE

__all__ = ["installed", "run"]


def installed(directory: Path, *packages: str) -> Path:
    """Install packages; return the directory of their commands. Without npm, skip the test."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm")
    command = [npm, "install", "--no-audit", "--no-fund", "--force", "--prefix", str(directory)]
    done = subprocess.run(
        [*command, *packages], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    if done.returncode:
        pytest.skip(f"npm cannot install {' '.join(packages)}: {done.stderr.strip()[-200:]}")
    return directory / "node_modules" / ".bin"


def run(
    program: Path, *words: str, directory: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program whose home is this directory, and which knows nothing of the tester."""
    path = f"{program.parent}:{os.environ['PATH']}"
    return subprocess.run(
        [program, *words],
        env={"HOME": str(directory), "PATH": path, **variables},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
