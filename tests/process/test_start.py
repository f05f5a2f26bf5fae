"""What a daemon says at its start of settings that do not fit the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, Daemon


def test_a_command_that_is_not_there_is_told_at_the_start(forge: Forge) -> None:
    """The daemon names the setting and the command, and posts all the same."""
    with Daemon(forge.url, on_posted="no-such-command --now") as daemon:
        daemon.spawn()
        line = daemon.log.until("warning worker command_missing: .*", *READY).group()
        daemon.put("posted all the same")
        assert forge.wait_for_comments(1)[0].body == "posted all the same"

    assert 'command=on_posted reason="there is no command no-such-command"' in line


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs the /proc of Linux")
def test_a_queue_that_cannot_be_made_ends_the_daemon(forge: Forge) -> None:
    """It says what to do, and is not started again and again."""
    with Daemon(forge.url, queue_path="/proc/x") as daemon:
        process = daemon.spawn()
        told = "error (listener|worker) store_failed: /proc/x: it cannot be made in /proc"
        daemon.log.until(f"{told}.* set another queue_path")
        assert process.wait(DEADLINE) is not None
