"""What a release is made of, and the workflows that make it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from comenq_core import __version__
from tests.service.wheelhouse import CHECKOUT, REQUIREMENTS, closure

WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))


def release(checkout: Path, *arguments: str) -> tuple[int, str]:
    """Run scripts/release; return its exit status and what it complains of."""
    command: list[str | Path] = [checkout / "scripts/release", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose changelog has no section for the version."""
    (tmp_path / "scripts").mkdir()
    for name in ("release", "version"):
        shutil.copy(CHECKOUT / "scripts" / name, tmp_path / "scripts")
    (tmp_path / "comenq_core").mkdir()
    shutil.copy(CHECKOUT / "comenq_core/__init__.py", tmp_path / "comenq_core")
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n\nMore.\n\n## [0.0.1] - 2026-01-01\n")
    return tmp_path


def test_a_tag_of_another_version_is_refused(checkout: Path) -> None:
    """What is published has the version that the tag says."""
    status, said = release(checkout, "build", "v9.9.9")
    assert (status, f"this is version {__version__}: tag it v{__version__}" in said) == (1, True)


def test_a_version_without_notes_is_refused(checkout: Path) -> None:
    """No version is published whose changes are not told."""
    status, said = release(checkout, "build", f"v{__version__}")
    assert (status, f'give it a section "## [{__version__}] - DATE"' in said) == (1, True)


def test_the_notes_are_the_section_of_the_version(checkout: Path) -> None:
    """The notes are what the changelog says about this version, and about no other."""
    section = f"## [{__version__}] - 2026-12-01\n\n### Added\n\n- A thing.\n\n"
    changelog = checkout / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## [0.0.1]", f"{section}## [0.0.1]"))
    for name in ("build", "sbom"):
        (checkout / "scripts" / name).symlink_to("/bin/true")

    assert release(checkout, "build", f"v{__version__}") == (0, "")
    assert (checkout / "release/notes.md").read_text() == "\n### Added\n\n- A thing.\n\n"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_only_calls_scripts(workflow: Path) -> None:
    """A step runs one script, which anybody can run."""
    steps = re.findall(r"(?m)^ *(?:- )?run: (.*)$", workflow.read_text())
    assert [step for step in steps if not re.match(r"(scripts/[a-z-]+|\.ci/run)( |$)", step)] == []


@pytest.mark.full
def test_the_list_of_parts_is_what_is_installed(tmp_path: Path, wheels: Path) -> None:
    """The SBOM has comenq, each package that it is installed with, and their versions."""
    environ = {
        "COMENQ_PYTHON": sys.executable,
        "COMENQ_REQUIREMENTS": str(wheels / REQUIREMENTS),
        "PATH": os.environ["PATH"],
        "UV_FIND_LINKS": str(wheels),
        "UV_OFFLINE": "1",
    }
    file = tmp_path / "sbom.json"
    subprocess.run([CHECKOUT / "scripts/sbom", file], env=environ, check=True)
    listed = json.loads(file.read_text())
    whole = listed["metadata"]["component"]
    assert (whole["name"], whole["version"]) == ("comenq", __version__)
    assert {(one["name"], one["version"]) for one in listed["components"]} == {
        (one.metadata["Name"], one.version) for one in closure("comenq")
    }
