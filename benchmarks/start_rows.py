"""Rows about the start of a worker on a long queue."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.long_queue import fill
from benchmarks.processes import Site, peak, process, site
from benchmarks.queue_rows import LONG
from benchmarks.ratios import Pairs, Row, median, row
from benchmarks.worker_rows import arrivals, forge

RUNS = 7
A_DAY = 86_400
"""A cooldown after which the first post of a measurement is its only one."""


def start() -> list[Row]:
    """Until the first post, less the same with one comment; compared with listing the names."""
    with (
        forge() as url,
        site(github_api_url=url, cooldown_period_seconds=A_DAY) as long,
        site(github_api_url=url, cooldown_period_seconds=A_DAY) as short,
    ):
        fill(long.root, LONG)
        fill(short.root, RUNS + 2)
        os.sync()  # so that the first post does not wait for the filling
        posts = _Posts(url)
        posts.first(long)
        posts.first(short)
        more, listed, kilobytes = [], [], []
        for _ in range(RUNS):
            seconds, peak_of_long = posts.first(long)
            seconds_of_short, peak_of_short = posts.first(short)
            more.append(seconds - seconds_of_short)
            kilobytes.append(peak_of_long - peak_of_short)
            listed.append(_listed(long.queue / "new"))
    return [
        row(
            Pairs(more, listed),
            name=f"start of a worker at {LONG:,} waiting until its first post, less that at a few",
            against="scandir and sort of these names",
            unit="s",
            target=6.0,
        ),
        Row(
            name=f"most memory of a worker that starts at {LONG:,} waiting, less that at a few",
            against="50 MB",
            ours=median(kilobytes) / 1024,
            theirs=50.0,
            unit="MB",
            target=1.0,
            runs=RUNS,
        ),
    ]


class _Posts:
    def __init__(self, url: str) -> None:
        self._url = url
        self._count = 0

    def first(self, where: Site) -> tuple[float, int]:
        """Seconds from the start of a worker until its POST arrives, and its peak in kilobytes."""
        (where.queue / "pacing.jsonl").unlink(missing_ok=True)
        self._count += 1
        begun = time.monotonic()
        with process("work", where) as child:
            at = arrivals(self._url, self._count)[-1]
            return at - begun, peak(child.pid)


def _listed(directory: Path) -> float:
    begun = time.perf_counter()
    with os.scandir(directory) as entries:
        sorted(entry.name for entry in entries)
    return time.perf_counter() - begun
