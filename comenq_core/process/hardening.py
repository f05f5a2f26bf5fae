"""What a process of the daemon asks of the kernel before it handles a token."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

__all__ = ["end_with_parent", "forbid_dumps"]

# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1
# https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
PR_SET_DUMPABLE = 4


def forbid_dumps() -> None:
    """Keep this process's memory out of core files, and out of other processes' sight."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)


def end_with_parent(parent: int) -> None:
    """Have this process told to end when its parent dies, so that none is left without one.

    Args:
        parent: the parent's process id; if that has died already, this process is told at once.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The kernel tells of no death that was before the call above.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
