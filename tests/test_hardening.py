"""What the processes of the daemon ask of the kernel."""

from __future__ import annotations

import os
import subprocess
import sys

LATE = """
import os, signal
from comenq_core.process.hardening import end_with_parent

signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
end_with_parent({parent})
"""


def run(parent: int) -> int:
    """Run a child that believes this to be its parent; return its exit status."""
    return subprocess.run(
        [sys.executable, "-c", LATE.format(parent=parent)], check=False
    ).returncode


def test_a_process_whose_parent_died_before_it_asked_gets_the_signal() -> None:
    """A parent's death is noticed even when it came before the request to the kernel."""
    assert run(parent=os.getppid()) == 7


def test_a_process_whose_parent_lives_runs_on() -> None:
    """Asking for the signal is not the signal."""
    assert run(parent=os.getpid()) == 0
