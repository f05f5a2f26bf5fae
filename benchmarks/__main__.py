"""Run the benchmarks: ``scripts/bench [WORD…]``, see README.md beside this file."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import growth, idle_rows, intake_rows, store_rows, worker_rows
from benchmarks.ratios import Row

HERE = Path(__file__).parent
ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "command": intake_rows.command,
    "clients": intake_rows.many_clients,
    "pipelined": intake_rows.pipelined,
    "latency": intake_rows.latency,
    "store": store_rows.beside_others,
    "depth": store_rows.depth,
    "start": store_rows.start,
    "posts": worker_rows.posts,
    "wake": worker_rows.wake_up,
    "idle": idle_rows.memory_and_wakeups,
    "list": idle_rows.first_page,
}


def main(words: Sequence[str]) -> int:
    """Measure what was asked for, print the table, and keep it as JSON; 0 when it was measured."""
    chosen = {name: row for name, row in ROWS.items() if not words or name in words}
    rows: list[Row] = []
    print(f"{'':9}{'ours':>11} {'theirs':>11}  {'ratio':>6}  wanted   what, against what")
    for measure in chosen.values():
        made = measure()
        for row in made if isinstance(made, list) else [made]:
            rows.append(row)
            print(_line(row), flush=True)
    if not words:
        told = [{**asdict(row), "ratio": row.ratio, "reached": row.reached} for row in rows]
        where = {"python": platform.python_version(), "cores": os.cpu_count()}
        results = {"machine": where, "rows": told}
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    if not words or "growth" in words:
        growth.draw(HERE)
    return 0


def _line(row: Row) -> str:
    word = {True: "reached", False: "MISSED", None: ""}[row.reached]
    sign = "≤" if row.at_most else "≥"
    target = "" if row.target is None else f"{sign} {row.target:g}"
    return (
        f"{word:9}{row.ours:11,.2f} {row.theirs:11,.2f}  {row.ratio:6.2f}  {target:8}"
        f" {row.name} [{row.unit}], against {row.against}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
