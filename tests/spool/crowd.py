"""Threads that wait for one another."""

from __future__ import annotations

import sys
import time

from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool import group_commit


def until_waiting(count: int) -> None:
    """Return when so many threads wait for another one to do what they have asked for."""
    deadline = time.monotonic() + DEADLINE
    while (waiting := _waiting()) < count:
        assert time.monotonic() < deadline, f"{waiting} of {count} threads wait"


def _waiting() -> int:
    codes = [frame.f_code for frame in sys._current_frames().values()]
    return sum(
        code.co_name == "wait" and code.co_filename == group_commit.__file__ for code in codes
    )
