"""The shell scripts of the project."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = (".ci", "examples", "packaging", "scripts", "tests/service")


def is_script(path: Path) -> bool:
    """Whether a shell is to run it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().rstrip() in {b"#!/bin/sh", b"#!/usr/bin/env bash"}


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="there is no shellcheck here")
def test_shellcheck_has_nothing_to_say() -> None:
    """Each shell script passes shellcheck, with the shell that its first line names."""
    scripts = sorted(path for place in PLACES for path in (ROOT / place).rglob("*"))
    scripts = [path for path in scripts if is_script(path)]
    assert ROOT / "scripts/install.sh" in scripts

    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
