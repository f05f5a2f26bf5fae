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
    """Keep this process's memory out of core files, and from other processes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)


def end_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when its parent dies.

    Args:
        parent: the parent's process id; if it has died already, the signal is sent at once.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The kernel does not report a death from before the call above.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
