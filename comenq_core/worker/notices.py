"""Of which jobs a command has to be told: a mark for each, made before it is settled or answered.

One job can have both: it was posted, and its reviewer has answered.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from threading import Lock

from comenq_core.model import ID_PATTERN
from comenq_core.process.durable import sync_directory
from comenq_core.process.log import Log

__all__ = ["Notices", "answer_mark", "job_of"]

_ANSWERED = ".answered"

log = Log("worker")


class Notices:
    """The marks: empty files, durable once they are made, and known in the order they were made.

    A mark that cannot be written, on a full disk for instance, counts as long as the process
    lives. The methods may be called by several threads.

    Args:
        directory: where the marks are; it is made with the first one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = Lock()
        self._numbers = count()
        self._known = {name: next(self._numbers) for name in _marks_in(directory)}

    def add(self, mark: str) -> None:
        """Make a mark: the job's id, or its `answer_mark`. It survives a crash from here on."""
        with self._lock:
            self._known[mark] = next(self._numbers)
            try:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._directory / mark, os.O_CREAT | os.O_WRONLY, 0o600))
                sync_directory(self._directory)
            except OSError as error:
                log.warning("notice_unsaved", "After a crash now, the command for a job would not"
                            " be run.", job=job_of(mark), reason=error.strerror)  # fmt: skip

    def remove(self, mark: str, number: int) -> None:
        """Remove a mark, unless it was made again since `all` gave this number for it.

        A mark that stays on a broken disk has its command run once more.
        """
        with self._lock:
            if self._known.get(mark) != number:
                return
            del self._known[mark]
            try:
                (self._directory / mark).unlink(missing_ok=True)
            except OSError as error:
                log.warning("notice_unsaved", "After a restart, the command for a job is run"
                            " again.", job=job_of(mark), reason=error.strerror)  # fmt: skip

    def all(self) -> Sequence[tuple[str, int]]:
        """The marks, each with its number; the first one first."""
        with self._lock:
            return list(self._known.items())


def answer_mark(job_id: str) -> str:
    """The mark of a job whose reviewer has answered."""
    return f"{job_id}{_ANSWERED}"


def job_of(mark: str) -> str:
    """The id of the job that a mark is for."""
    return mark.removesuffix(_ANSWERED)


def _marks_in(directory: Path) -> Sequence[str]:
    try:
        with os.scandir(directory) as found:
            marks = [one for one in found if re.fullmatch(ID_PATTERN, job_of(one.name))]
            return [one.name for one in sorted(marks, key=lambda one: one.stat().st_mtime_ns)]
    except OSError:
        return []
