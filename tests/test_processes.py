"""What the listener and the worker have in memory."""

from __future__ import annotations

import subprocess
import sys
from configparser import RawConfigParser

import pytest

from comenq_core.supervisor.launch import conf_file
from comenq_core.testing.deadline import DEADLINE

SCRIPT = """\
import sys
from comenq_core.cli.comenqd import processes
import comenq_core.{role}.main
print(*sys.modules, sep="\\n")
"""


@pytest.mark.parametrize("role", ["listener", "worker"])
def test_process_keeps_no_command_in_memory(role: str) -> None:
    """Of the commands, a process imports only the module that runs it."""
    command = [sys.executable, "-P", "-c", SCRIPT.format(role=role)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True)
    commands = {name for name in done.stdout.split() if name.startswith("comenq_core.cli.comenqd.")}
    assert commands == {"comenq_core.cli.comenqd.processes"}


def test_supervisord_starts_that_module() -> None:
    """The daemon's processes are started without the rest of `comenqd`."""
    conf = RawConfigParser(inline_comment_prefixes=None)
    conf.read(conf_file("supervisord.conf"))
    for program, word in (("listener", "listen"), ("worker", "work")):
        command = conf[f"program:{program}"]["command"]
        assert command == f"python3 -P -m comenq_core.cli.comenqd.processes {word}"


def test_supervisord_keeps_no_settings_in_memory() -> None:
    """What runs within supervisord needs none, nor what is slow to import."""
    script = "import comenq_core.supervisor.rpcinterface, sys; print(*sys.modules)"
    command = [sys.executable, "-P", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert not {"comenq_core.settings", "dataclasses", "inspect"} & set(done.stdout.split())
