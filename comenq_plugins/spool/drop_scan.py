"""Which dropped files there are, in the order of their arrival, and whether they are whole."""

from __future__ import annotations

import os
import stat
import time
from typing import NamedTuple

from comenq_core.errors import InvalidRequest
from comenq_core.process.log import Log
from comenq_core.wire.strict_json import parse
from comenq_plugins.spool.fs.errors import is_unreadable
from comenq_plugins.spool.fs.inotify import Kind
from comenq_plugins.spool.fs.safe_read import Unfit, read_foreign
from comenq_plugins.spool.new_directory import NewDirectory

__all__ = ["DROP_LIMIT", "Arrival", "DropScan"]

DROP_LIMIT = 1 << 20
"""Bytes that a dropped file may have, as many as a request over the socket."""

log = Log("spool")

_STILL_WRITING = 60.0
"""Seconds after its last change in which an incomplete file may yet become whole."""


class Arrival(NamedTuple):
    """A dropped file. They sort by the time of their arrival, which no owner can change."""

    since: int
    text: str
    status: os.stat_result


class DropScan:
    """Looks at dropped files before they are adopted.

    Args:
        new_directory: where they are seen, brought up to date before each call.
    """

    def __init__(self, new_directory: NewDirectory) -> None:
        self._new_directory = new_directory
        self._ignored: set[tuple[str, int]] = set()

    def waiting(self) -> list[Arrival]:
        """The files to adopt, oldest first."""
        arrivals, new = [], self._new_directory.layout.new
        for text in list(self._new_directory.drops):
            try:
                status = os.lstat(f"{new}/{text}")
            except FileNotFoundError:
                del self._new_directory.drops[text]
                continue
            except OSError as error:
                if not is_unreadable(error):
                    raise
                self.put_off(text, error)
                continue
            if (text, status.st_ino) not in self._ignored:
                arrivals.append(Arrival(status.st_ctime_ns, text, status))
        return sorted(arrivals, key=lambda arrival: arrival[:2])

    def put_off(self, text: str, error: OSError) -> None:
        """Leave a file where it is until ``new/`` is listed again, in some minutes."""
        log.error("unreadable", "The disk does not give a dropped file; others are adopted, and"
                  " this one is read again in some minutes.", name=text, reason=error)  # fmt: skip
        self._new_directory.drops.pop(text, None)

    def ignore(self, arrival: Arrival) -> None:
        """Pass over a file from now on, until another one has its name."""
        self._ignored.add((arrival.text, arrival.status.st_ino))

    def is_half_written(self, arrival: Arrival) -> bool:
        """Whether a file that was not seen to be closed is still being written.

        Half a JSON object is no JSON, so a file that can be read is whole. Others get some time.
        """
        if self._new_directory.drops[arrival.text] is Kind.COMPLETE:
            return False
        age = time.time() - arrival.status.st_mtime
        if not stat.S_ISREG(arrival.status.st_mode) or not 0 <= age < _STILL_WRITING:
            return False
        new = self._new_directory.layout.new
        try:
            parse(read_foreign(f"{new}/{arrival.text}", DROP_LIMIT)[0])
        except (InvalidRequest, Unfit, OSError):
            return True
        return False
