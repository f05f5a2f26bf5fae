"""Lists jobs, however many rows among them cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from comenq_core.model import Job
from comenq_core.process.log import Log
from comenq_plugins.postgres.decoding import Damaged, job_or_dead_letter

__all__ = ["Listing"]

log = Log("postgres")


class Listing:
    """Leaves out rows that cannot be read as jobs, and logs each of them once."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def jobs(
        self,
        find: Callable[[int | None, int], Sequence[Sequence[Any]]],
        limit: int | None,
        offset: int,
    ) -> list[Job]:
        """Up to ``limit`` jobs, however many rows have to be left out.

        Args:
            find: selects the records from an offset on, up to a limit.
            limit, offset: as in the store's ``pending``; the offset counts all rows.
        """
        jobs: list[Job] = []
        while True:
            wanted = None if limit is None else limit - len(jobs)
            records = find(wanted, offset)
            jobs += filter(None, map(self._job_or_none, records))
            offset += len(records)
            if len(jobs) == limit or len(records) != wanted:
                return jobs

    def _job_or_none(self, record: Sequence[Any]) -> Job | None:
        try:
            return job_or_dead_letter(record)
        except Damaged as error:
            if error.job_id not in self._logged:
                self._logged.add(error.job_id)
                log.error("unreadable", "A row cannot be read as a job, and no list shows it.",
                          job=error.job_id, reason=error.reason)  # fmt: skip
            return None
