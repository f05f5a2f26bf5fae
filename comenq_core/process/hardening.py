"""What a process of the daemon asks of the kernel before it handles a token."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

__all__ = ["end_with_parent", "forbid_dumps", "hide_environment"]

# https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1
# https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
PR_SET_DUMPABLE = 4

# ``comenqd check`` looks for it there, as root, and it is a path.
SHOWN = b"CREDENTIALS_DIRECTORY"


def forbid_dumps() -> None:
    """Keep this process's memory out of core files, and from other processes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)


def hide_environment() -> None:
    """Overwrite what /proc shows as this process's environment, which may hold a token.

    `os.environ` and the environment of new processes stay as they are. For the main thread, while
    it is the only one.
    """
    try:
        start, end = _environment_area()
    except OSError:
        return
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    for name, value in os.environb.items():
        address = libc.getenv(name) or 0
        if name != SHOWN and start <= address < end:
            # Now the variable has a copy elsewhere.
            os.environb[name] = value
            ctypes.memset(address, 0, len(value))


def _environment_area() -> tuple[int, int]:
    """Where the kernel has put the environment: env_start and env_end.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    with open("/proc/self/stat", "rb") as file:
        # The name in parentheses may hold anything; what follows it begins with field 3.
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[50 - 3]), int(fields[51 - 3])


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
