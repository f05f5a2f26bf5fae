"""`on_posted` and `on_failed`, as a user of the daemon sees them."""

from __future__ import annotations

import json
import os

from comenq_core.client import Client
from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon


def test_a_posted_comment_is_told_to_the_command(forge: Forge) -> None:
    """The daemon runs the command with the job on its standard input, and logs what it prints."""
    with Daemon(forge.url) as daemon:
        fifo = daemon.directory / "told"
        os.mkfifo(fifo)
        daemon.change(on_posted=f"sh -c 'tee {fifo} >/dev/null; echo done'")
        daemon.start()
        job = daemon.put("hello")
        told = json.loads(fifo.read_text())
        line = daemon.log.until(r"worker notified: .*").group()
        with Client(str(daemon.socket)) as client:
            (history,) = client.ask({"op": "hist"})["history"]

    assert told == history
    assert job in line
    assert "command=on_posted output=done" in line


def test_a_command_that_is_not_there_fails_the_check(forge: Forge) -> None:
    """The check names the setting and the command, and runs none."""
    with Daemon(forge.url, on_failed="no-such-command --now") as daemon:
        output = daemon.comenqd("check", status=1)

    assert "WRONG  on_failed  there is no command no-such-command\n" in output
