"""examples/notify.py tells a desktop user of a comment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/notify.py"


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        (
            {"state": "posted", "url": "https://github.com/o/r/pull/1#issuecomment-2"},
            ["normal", "o/r#1 posted", "https://github.com/o/r/pull/1#issuecomment-2"],
        ),
        (
            {"state": "failed", "error": "GitHub answered 403: <b>locked</b>"},
            ["critical", "o/r#1 failed", "GitHub answered 403: &lt;b&gt;locked&lt;/b&gt;"],
        ),
    ],
)
def test_the_job_is_shown(tmp_path: Path, job: dict[str, str], shown: list[str]) -> None:
    """notify-send gets the urgency, the pull request with the state, and the address or reason."""
    program = tmp_path / "notify-send"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    value = {"owner": "o", "repo": "r", "pr_number": 1, "url": "", "error": None, **job}
    result = subprocess.run(
        [sys.executable, EXAMPLE],
        input=json.dumps(value),
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    urgency, title, text = shown
    assert result.stdout.splitlines() == [
        "--app-name=comenq",
        f"--urgency={urgency}",
        "--",
        title,
        text,
    ]
