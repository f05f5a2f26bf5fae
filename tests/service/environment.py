"""A fresh virtual environment with what pip installs into it, without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["install"]


def install(directory: Path, wheels: Path, *packages: str) -> Path:
    """Make an environment of some packages and what they ask for; return its commands' directory.

    Args:
        directory: where to.
        wheels: where all wheels are.
        packages: what to install.
    """
    # pip's own installation takes longer than everything else.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)
    commands = directory / "bin"
    pip = (sys.executable, "-m", "pip", "--python", commands / "python", "--quiet")
    offline = ("install", "--no-compile", "--no-index", "--find-links", wheels)
    subprocess.run([*pip, *offline, *packages], check=True)
    return commands
