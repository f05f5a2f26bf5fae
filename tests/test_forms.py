"""The forms for issues are such as GitHub takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE

FORMS = Path(__file__).parents[1] / ".github" / "ISSUE_TEMPLATE"


CONFIG = FORMS / "config.yml"
KINDS = {"forms": sorted({*FORMS.glob("*.yml")} - {CONFIG}), "config": [CONFIG]}


@pytest.mark.parametrize("kind", KINDS)
def test_forms_are_valid(kind: str) -> None:
    """Each form, and what chooses among them, conforms to GitHub's schema."""
    schema = ("--builtin-schema", f"vendor.github-issue-{kind}")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, *KINDS[kind]],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
