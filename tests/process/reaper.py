"""Run a command, pass signals on to it, and tell whether it left processes behind.

``python reaper.py COMMAND...`` becomes the parent of every process that loses its own, so that
none escapes. What was still running is ended; then its exit status is 99, else the command's.
https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LEFT_BEHIND = 99


def main() -> int:
    """Run the command; return what its end was."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    command = subprocess.Popen(sys.argv[1:])
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: command.send_signal(number))
    status = command.wait()
    return LEFT_BEHIND if _end_children() else status


def _end_children() -> bool:
    """End whatever is still running; whether there was anything."""
    was_running = False
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return was_running
        if not ended:
            was_running = True
            for pid in Path("/proc/thread-self/children").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
            os.waitpid(-1, 0)


if __name__ == "__main__":
    sys.exit(main())
