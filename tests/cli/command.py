"""Runs the installed command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests import preloaded

ROOT = Path(__file__).parents[2]
PROGRAM = (str(preloaded.SCRIPTS / "comenq"),)
"""The command, as installed."""


def environment(socket: Path | None = None, **more: str) -> dict[str, str]:
    """An environment without variables of the developer's own, except ``PATH``."""
    named = {"COMENQ_SOCKET": str(socket)} if socket else {}
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **named,
        **more,
    }


def run(
    *words: str | bytes,
    env: Mapping[str, str],
    stdin: bytes = b"",
    directory: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``comenq`` with these words; standard input is a pipe.

    Args:
        words: its arguments.
        env: its environment.
        stdin: what is piped in.
        directory: where it is run.
    """
    return preloaded.run([*PROGRAM, *words], env=env, stdin=stdin, cwd=directory)
