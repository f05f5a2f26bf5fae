"""A credential that cannot be had is told at the worker's start, and not at the first post."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.worker.rig import rig


def test_a_failing_token_command_is_told_before_any_comment(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With an empty queue, the log and the status name the account, the command and its status."""
    command = shlex.join([sys.executable, "-c", "raise SystemExit(3)"])
    with rig(tmp_path, github_token=None, github_token_command=command) as made:
        made.run()
        made.worker.heartbeat.wait(60)

        activity = made.store.health().worker
        assert activity
        assert activity.fault.startswith("default cannot post: github_token_command (")
        assert activity.fault.endswith("failed with exit status 3")
        assert caplog.text.count("no_credential") == 1
        assert made.forge.requests == []


def test_a_token_that_can_be_had_again_ends_the_fault(tmp_path: Path) -> None:
    """Once the token file is there, the status has no fault any more."""
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text("ghp_one\n")
    with rig(tmp_path, github_token=None, github_token_file=str(file)) as made:
        file.rename(tmp_path / "elsewhere")
        made.run()
        made.worker.heartbeat.wait(60)
        before = made.store.health().worker

        (tmp_path / "elsewhere").rename(file)
        made.run()
        made.worker.heartbeat.wait(60)
        after = made.store.health().worker

        assert before
        assert str(file) in before.fault
        assert after
        assert after.fault == ""


def test_each_account_without_a_credential_is_told(tmp_path: Path) -> None:
    """What the status says of two token files that are gone names both."""
    files = [tmp_path / name for name in ("one", "two")]
    for file in files:
        file.touch(0o600)
        file.write_text(f"ghp_{file.name}\n")
    with rig(tmp_path, github_token=None, github_token_files=tuple(map(str, files))) as made:
        for file in files:
            file.unlink()
        made.run()
        made.worker.heartbeat.wait(60)

        activity = made.store.health().worker
        assert activity
        assert all(f"{file}: cannot be read" in activity.fault for file in files)
