"""The GitHub Action of the examples hands a comment over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from tests.http.api.running import running

ACTION = Path(__file__).parents[3] / "examples" / "action" / "action.yml"


def test_the_action_fits_githubs_schema() -> None:
    """The schema of actions that check-jsonschema has accepts it."""
    subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions",
         ACTION],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )  # fmt: skip


def script() -> str:
    """What its only step runs."""
    return textwrap.dedent(ACTION.read_text().partition("run: |\n")[2])


def hand_over(directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the step as a runner does."""
    unset = dict.fromkeys(("BODY", "BODY_FILE", "KEY"), "")
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script()],
        env={
            "PATH": os.environ["PATH"],
            "GITHUB_OUTPUT": str(directory / "output"),
            **unset,
            **variables,
        },
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("is_file", [False, pytest.param(True, marks=pytest.mark.full)])
def test_a_comment_is_handed_over_once(tmp_path: Path, is_file: bool) -> None:
    """The comment is queued byte for byte and once, however often the step runs in a run."""
    body = 'It\'s "built" $(true) `x`\n\n- ü 👩\n'
    (tmp_path / "report.md").write_text(body)
    with running() as daemon:
        token = daemon.token("ci", "queue")
        daemon.serve()
        daemon.comenq("pause", "a test")
        given = {
            "URL": f"{daemon.url}/",
            "TOKEN": token,
            "REPOSITORY": "octo-org/site",
            "NUMBER": "7",
            "RUN": "1-1",
            **({"BODY_FILE": "report.md"} if is_file else {"BODY": body}),
        }
        for _ in range(2):
            done = hand_over(tmp_path, **given)
            assert done.returncode == 0, done.stdout + done.stderr
        first, again = (tmp_path / "output").read_text().splitlines()
        assert first == again
        queued = json.loads(daemon.comenq("list", "--json"))
        assert (queued["id"], queued["body"]) == (first.removeprefix("id="), body)
        assert queued["origin"]["via"] == "github action"


def test_a_refusal_fails_the_step(tmp_path: Path) -> None:
    """Where the daemon refuses, the step fails, says why, and shows no token."""
    with running() as daemon:
        daemon.serve()
        given = {"URL": daemon.url, "TOKEN": "comenq_wrong", "REPOSITORY": "o/r", "NUMBER": "7"}
        done = hand_over(tmp_path, **given, BODY="Hi", RUN="1-1")
        assert done.returncode == 1
        assert "::error::comenq: " in done.stdout
        assert "A token is needed" in done.stdout
        assert "comenq_wrong" not in done.stdout + done.stderr
