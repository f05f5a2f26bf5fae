"""The versions that the tests, the packages, the image and scripts/install.sh install."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.service.wheelhouse import CHECKOUT, closure

PARTS = {"requirements.txt": "comenq", "requirements-build.txt": "hatchling"}
"""Files with a part of constraints.txt, and what it is that needs the part."""


def test_the_files_agree() -> None:
    """What is installed and what builds is a part of what is tested, with its hashes."""
    command = (CHECKOUT / "scripts" / "requirements", "--check")
    environ = {"COMENQ_PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("file", PARTS)
def test_nothing_that_is_needed_is_missing(file: str) -> None:
    """A part has all that is needed, directly or not, and no more."""
    needed = {canonicalize_name(one.metadata["Name"]) for one in closure(PARTS[file])}
    pins = map(Requirement, re.findall(r"(?m)^(\S+==.*?) ?\\?$", (CHECKOUT / file).read_text()))
    here = {pin.name for pin in pins if not pin.marker or pin.marker.evaluate()}
    assert here == needed | ({"hatchling"} & {PARTS[file]})


@pytest.mark.parametrize("file", ["constraints.txt", *PARTS])
def test_no_index_is_named(file: str) -> None:
    """Who installs chooses the index, or none."""
    assert "://" not in (CHECKOUT / file).read_text()
