"""How cost grows with clients."""

from __future__ import annotations

from benchmarks.disk import threads_per_second
from benchmarks.intake_rows import socket_per_second
from benchmarks.processes import listener, site
from benchmarks.ratios import Curve, interleaved, median

CLIENTS = (1, 2, 4, 8, 16, 32, 64, 128)
RUNS = 3


def clients() -> list[Curve]:
    """Acknowledged jobs a second, and what so many threads do with nothing but the disk."""
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    with site() as where, listener(where):
        for count in CLIENTS:
            each = max(10, 960 // count)
            pair = interleaved(
                lambda: socket_per_second(where, count, each),  # noqa: B023 (called at once)
                lambda: threads_per_second(where.root, count, each),  # noqa: B023
                RUNS,
            )
            for curve, figures in zip((ours, plain), pair, strict=True):
                curve.append((count, median(figures)))
    return [
        Curve(plot="clients", line="comenq, over the socket", points=ours),
        Curve(plot="clients", line="threads: write, fsync, rename, fsync", points=plain),
    ]
