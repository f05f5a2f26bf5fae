"""The public names, as type checkers see them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import comenq_core

SAMPLES = ("intake.py", "store.py", "poster.py", "names.py", "wrong.py")
HERE = Path(__file__).parent


def test_mypy_accepts_what_is_right_and_rejects_what_is_wrong(tmp_path: Path) -> None:
    """Outside of this repository, the samples have the errors that they ignore, and no others."""
    for sample in SAMPLES:
        shutil.copy(HERE / sample, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *SAMPLES],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    # --strict reports errors that are not ignored, and ignores without an error.
    assert done.stdout == f"Success: no issues found in {len(SAMPLES)} source files\n", done.stderr


@pytest.mark.parametrize("name", comenq_core.__all__)
def test_each_public_name_is_checked(name: str) -> None:
    """A sample asserts its type."""
    assert f"comenq_core.{name}" in (HERE / "names.py").read_text()
