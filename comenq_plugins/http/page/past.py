"""Reads from the queue what the plot of the last weeks shows, and keeps it for a while."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from comenq_core.model import Job
from comenq_core.protocols import Queue
from comenq_plugins.http.page.weeks import Day, days_of

__all__ = ["DAYS", "KEPT_SECONDS", "Past"]

DAYS = 28
KEPT_SECONDS = 60.0
"""The history is long, and changes slowly: it is read so often at most."""
READ_LIMIT = 250
MOST_JOBS = 10_000
SAMPLES = 100
"""So many jobs tell when all those that wait have arrived: nobody reads 100,000 of them."""


class Past:
    """The last weeks of a queue.

    Args:
        queue: the queue.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._days: Sequence[Day] = ()
        self._read = float("-inf")

    def days(self) -> Sequence[Day]:
        """The last days, the oldest first; a minute old at most.

        Raises:
            ComenqError: the store cannot be read.
        """
        with self._lock:
            if time.monotonic() - self._read > KEPT_SECONDS:
                today = datetime.now(UTC).date()
                counts = self._queue.status().counts
                waiting = counts.waiting + counts.posting + counts.unconfirmed + counts.held
                jobs = list(self._settled(today - timedelta(days=DAYS)))
                self._days = days_of(jobs, self._arrivals(waiting), waiting, today, DAYS)
                self._read = time.monotonic()
            return self._days

    def _settled(self, start: date) -> Iterator[Job]:
        for offset in range(0, MOST_JOBS, READ_LIMIT):
            jobs = self._queue.history(READ_LIMIT, offset=offset)
            for job in jobs[::-1]:
                if (job.settled or job.arrived).date() < start:
                    return
                yield job
            if len(jobs) < READ_LIMIT:
                return

    def _arrivals(self, waiting: int) -> Mapping[date, float]:
        if waiting <= SAMPLES:
            found = self._queue.pending(SAMPLES)
        else:
            places = [waiting * number // SAMPLES for number in range(SAMPLES)]
            found = [one for place in places for one in self._queue.pending(1, offset=place)]
        tally = Counter(one.job.arrived.astimezone(UTC).date() for one in found)
        return {day: number * waiting / len(found) for day, number in tally.items()}
