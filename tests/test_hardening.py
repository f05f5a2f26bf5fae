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


def test_a_process_whose_parent_died_before_it_asked_is_told_to_end() -> None:
    """A parent's death is noticed even when it came too early for the kernel to tell."""
    assert run(parent=os.getppid()) == 7


def test_a_process_whose_parent_lives_goes_on() -> None:
    """Asking to be told of the parent's death is not such a message."""
    assert run(parent=os.getpid()) == 0
