"""The versions that the tests, the packages, the image and scripts/install.sh install."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

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


def test_every_file_with_versions_is_audited(tmp_path: Path) -> None:
    """Each is asked about strictly, also after one that has failed; then the audit has failed."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(CHECKOUT / "scripts" / "audit", scripts)
    run = scripts / "run"
    run.write_text('#!/bin/sh\necho "$*"\ncase "$*" in *"${FAILS:-none}"*) exit 1; esac\n')
    run.chmod(0o700)
    pinned = {
        path.name
        for path in CHECKOUT.iterdir()
        if path.suffix == ".txt" and "--hash=sha256:" in path.read_text()
    }
    for name in pinned:
        (tmp_path / name).touch()
    for fails, status in (("none", 0), ("constraints", 1)):
        done = subprocess.run(
            [scripts / "audit"],
            env={"FAILS": fails, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        asked = {line.split()[-1] for line in done.stdout.splitlines() if "--strict" in line}
        assert (asked, done.returncode) == (pinned, status)
    assert "failed for constraints.txt:" in done.stderr
