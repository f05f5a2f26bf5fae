"""What is remembered of jobs that are no longer in the history, in ``past/``.

``2026-12.jsonl`` has a line for each job with a key or a comment that was deleted from the history
in that month. A file grows at its end, and is deleted whole. A line that a crash has cut short does
not count: its job is still in the history. So is one that is there twice.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from comenq_core.errors import InvalidRequest
from comenq_core.model.past_job import PastJob
from comenq_core.process.log import Log
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.format.past_job import decode_line, encode_line, id_in, may_be_for
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.safe_read import Unfit, is_own, lines_of

__all__ = ["Past"]

_FORM = re.compile(r"(\d{4})-(\d\d)\.jsonl", re.ASCII)

log = Log("spool")


class Past:
    """Reads and writes what is remembered.

    Args:
        layout: a prepared spool.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._hashes: dict[str, tuple[tuple[int, int], Sequence[int]]] = {}

    def all(self) -> Iterator[PastJob]:
        """All that is remembered."""
        return _decoded(line for path in self._paths() for line in lines_of(path))

    def with_ids(self, ids: Collection[str]) -> Mapping[str, PastJob]:
        """The jobs that have these ids."""
        wanted = {job_id.encode() for job_id in ids}
        paths = [path for path in self._paths() if self._may_have(path, wanted)]
        lines = (line for path in paths for line in lines_of(path) if id_in(line) in wanted)
        return {job.id: job for job in _decoded(lines)}

    def comment_ids(self, target: str, but_of: str) -> set[int | str]:
        """The comments on a pull request, in lower case, but those of the job with this id."""
        mark = may_be_for(target)
        found: set[int | str] = set()
        for path in self._paths():
            # The worker may forget a month while the listener asks.
            with suppress(FileNotFoundError):
                for job in _decoded(line for line in lines_of(path) if mark in line):
                    if job.target == target and job.id != but_of:
                        found |= job.comments
        return found

    def remember(self, jobs: Sequence[PastJob], now: datetime) -> None:
        """Remember jobs before they are deleted at ``now``; durable on return."""
        if not jobs:
            return
        path = self._layout.path(f"past/{now.astimezone(UTC):%Y-%m}.jsonl")
        data = b"".join(encode_line(job) for job in jobs)
        durable.make_way(path)
        if os.path.lexists(path):
            durable.extend(path, data)
            # A crash may have come between the file's name and the sync of that name.
            durable.sync_directory(self._layout.past)
            return
        draft = self._layout.draft(os.path.basename(path))
        durable.create(draft, data)
        durable.replace(draft, path)

    def forget(self, before: datetime) -> None:
        """Delete the files of the months that had ended by then."""
        for text, month in self._months():
            if month < (before.year, before.month):
                path = f"{self._layout.past}/{text}"
                durable.remove(path)
                self._hashes.pop(path, None)
                log.info("forgotten", "Old keys and comments were forgotten.", month=text[:7])

    def _months(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for text in sorted(os.listdir(self._layout.past)):
            match = _FORM.fullmatch(text)
            if match and is_own(f"{self._layout.past}/{text}"):
                yield text, (int(match[1]), int(match[2]))

    def _paths(self) -> Sequence[str]:
        return [f"{self._layout.past}/{text}" for text, _ in self._months()]

    def _may_have(self, path: str, ids: Collection[bytes]) -> bool:
        """Whether a file may have one of these ids: no false negatives.

        The file is read when it has changed. Eight bytes a job then tell, where the ids themselves
        would take ten times as much.
        """
        status = os.stat(path)
        version = status.st_size, status.st_mtime_ns
        known = self._hashes.get(path)
        if known is None or known[0] != version:
            known = version, array("q", sorted(hash(id_in(line)) for line in lines_of(path)))
            self._hashes[path] = known
        return any(_has(hash(job_id), known[1]) for job_id in ids)


def _has(number: int, numbers: Sequence[int]) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number


def _decoded(lines: Iterator[bytes]) -> Iterator[PastJob]:
    for line in lines:
        try:
            yield decode_line(line)
        except (InvalidRequest, Unfit) as error:
            log.warning("unreadable", "What is remembered of a job cannot be read.", reason=error)
