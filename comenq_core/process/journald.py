"""Priorities for journald, at the beginning of each line.

https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

__all__ = ["is_journal", "with_priorities"]

PRIORITIES = {b"debug": b"<7>", b"info": b"<6>", b"warning": b"<4>", b"error": b"<3>"}
# A line without a level is part of a traceback, or another program's.
OTHERWISE = b"<4>"


def is_journal(descriptor: int, environ: Mapping[str, str]) -> bool:
    """Whether what is written to ``descriptor`` goes straight to journald.

    ``JOURNAL_STREAM`` is inherited by all that a service starts, a terminal for one, so the stream
    that it names is compared.
    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
    """
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def with_priorities(lines: bytes) -> bytes:
    """Lines of comenq's log, each with the priority of its level."""
    return b"".join(_priority(line) + line for line in lines.splitlines(keepends=True))


def _priority(line: bytes) -> bytes:
    level = re.match(rb"\S+Z (\w+) ", line)
    return PRIORITIES.get(level[1], OTHERWISE) if level else OTHERWISE
