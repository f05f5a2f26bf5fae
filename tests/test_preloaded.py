"""Commands that are forked do what they do when they are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from tests import preloaded


@pytest.mark.parametrize(
    "words",
    [
        ("comenq", "list", "--help"),
        ("comenq", "lst"),
        ("comenq", "o/r", "1", "-"),
        ("comenqd", "check", "--config", "missing.toml"),
    ],
    ids=" ".join,
)
def test_a_forked_command_is_as_one_that_is_started(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Its exit status, its output and its errors are the same."""
    command = [str(preloaded.SCRIPTS / words[0]), *words[1:]]
    env = {"HOME": str(tmp_path), "COMENQ_SOCKET": "no.sock", "LANG": "C.UTF-8"}
    env["PYTHONWARNINGS"] = "error"
    started = subprocess.run(
        command,
        env=env,
        cwd=tmp_path,
        input=b"text",
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    forked = preloaded.run(command, env=env, cwd=tmp_path, stdin=b"text")
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        started.returncode,
        started.stdout.decode(),
        started.stderr.decode(),
    )
