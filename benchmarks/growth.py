"""How cost grows with clients and with depth, drawn."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.disk import threads_per_second
from benchmarks.intake_rows import socket_per_second
from benchmarks.plots import plot
from benchmarks.processes import listener, site
from benchmarks.ratios import median
from benchmarks.store_rows import claim_and_settle, fill, scratch, spool_at

CLIENTS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTHS = (100, 1_000, 10_000, 100_000, 1_000_000)


def draw(where: Path) -> None:
    """Write ``clients.svg`` and ``depth.svg``."""
    (where / "clients.svg").write_text(_clients())
    (where / "depth.svg").write_text(_depth())


def _clients() -> str:
    ours, plain = [], []
    with site() as here, listener(here):
        for clients in CLIENTS:
            each = max(10, 960 // clients)
            ours.append((clients, socket_per_second(here, clients, each)))
            plain.append((clients, threads_per_second(here.root, clients, each)))
    return plot(
        "Acknowledged durable jobs",
        "clients at once",
        "jobs/s",
        {"comenq, over the socket": ours, "threads, write + fsync + rename + fsync": plain},
    )


def _depth() -> str:
    taken = []
    for depth in DEPTHS:
        root = scratch()
        try:
            store = spool_at(root)
            fill(store, root, depth)
            with store.lock():
                claim_and_settle(store)
                seconds = median([claim_and_settle(store) for _ in range(30)])
            store.close()
        finally:
            shutil.rmtree(root)
        taken.append((depth, seconds * 1e3))
    return plot("Claim and settle one job", "jobs pending", "ms", {"comenq, spool": taken})
