"""A part of the daemon that runs and makes no progress."""

from __future__ import annotations

import os
import signal

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon


@pytest.mark.full
@pytest.mark.parametrize("program", ["worker", "listener"])
def test_a_stopped_program_is_killed_and_started_again(
    daemon: Daemon, forge: Forge, program: str
) -> None:
    """SIGSTOP keeps a process alive and idle: minutes later, another one posts."""
    os.kill(daemon.pid(program), signal.SIGSTOP)

    daemon.log.until(rf"error supervisor no_progress: .* program={program}$")

    daemon.log.until(rf" info {program} started: ")
    daemon.put("after all")
    forge.wait_for_comments(1)
    assert "makes no progress" not in daemon.comenqd("ctl", "status")
