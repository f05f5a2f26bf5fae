"""Which dropped files there are, in the order of their arrival, and whether they are whole."""

from __future__ import annotations

import os
import stat
import time
from typing import NamedTuple

from comenq_core.errors import InvalidRequest
from comenq_core.wire.strict_json import parse
from comenq_plugins.spool.fs.inotify import Kind
from comenq_plugins.spool.fs.safe_read import Unfit, read_foreign
from comenq_plugins.spool.new_directory import Incoming

__all__ = ["DROP_LIMIT", "Arrival", "DropScan"]

DROP_LIMIT = 1 << 20
"""Bytes that a dropped file may have, as over the socket."""

_STILL_WRITING = 60.0
"""Seconds after its last change in which an incomplete file may yet become whole."""


class Arrival(NamedTuple):
    """A dropped file; they sort by when they came, which no name and no owner can change."""

    since: int
    text: str
    status: os.stat_result


class DropScan:
    """Looks at dropped files where they lie.

    Args:
        incoming: where they are seen, brought up to date before each call.
    """

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._ignored: set[tuple[str, int]] = set()

    def waiting(self) -> list[Arrival]:
        """The files to adopt, oldest first."""
        arrivals, new = [], self._incoming.layout.new
        for text in list(self._incoming.drops):
            try:
                status = os.lstat(f"{new}/{text}")
            except FileNotFoundError:
                del self._incoming.drops[text]
                continue
            if (text, status.st_ino) not in self._ignored:
                arrivals.append(Arrival(status.st_ctime_ns, text, status))
        return sorted(arrivals, key=lambda arrival: arrival[:2])

    def ignore(self, arrival: Arrival) -> None:
        """Leave a file alone from now on, until another one has its name."""
        self._ignored.add((arrival.text, arrival.status.st_ino))

    def is_half_written(self, arrival: Arrival) -> bool:
        """Whether a file that nobody is known to have closed is still being written.

        Half a JSON object is never one, so only what cannot be read is suspect, for a while.
        """
        if self._incoming.drops[arrival.text] is Kind.COMPLETE:
            return False
        age = time.time() - arrival.status.st_mtime
        if not stat.S_ISREG(arrival.status.st_mode) or not 0 <= age < _STILL_WRITING:
            return False
        new = self._incoming.layout.new
        try:
            parse(read_foreign(f"{new}/{arrival.text}", DROP_LIMIT)[0])
        except (InvalidRequest, Unfit, OSError):
            return True
        return False
