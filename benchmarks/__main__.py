"""Run the benchmarks: ``scripts/bench [NAME…]``, see README.md beside this file."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Sequence

from benchmarks import (
    document,
    http_rows,
    idle_rows,
    intake_rows,
    mail_rows,
    mcp_rows,
    postgres_rows,
    queue_rows,
    restart_rows,
    start_rows,
    store_rows,
    suite_rows,
    worker_rows,
)
from benchmarks.ratios import Curve, Row
from benchmarks.results import FILE, SUITE_FILE, Results
from comenq_core.process.log import configure
from tests.postgres.server import missing

Measure = Callable[[], Row | Sequence[Row | Curve]]

MEASURES: dict[str, Measure] = {
    "command": intake_rows.command,
    "checkout": intake_rows.in_checkout,
    "latency": intake_rows.latency,
    "one-by-one": mail_rows.one_by_one,
    "jsonl": mail_rows.many_lines,
    "store": store_rows.beside_others,
    "wake": worker_rows.wake_up,
    "killed": restart_rows.killed,
    "idle": idle_rows.idle,
    "lengths": queue_rows.lengths,
    "held": queue_rows.held_lane,
    "start": start_rows.start,
    "http": http_rows.memory,
    "page": http_rows.page,
    "mcp": mcp_rows.server,
}
if not missing():
    MEASURES |= {
        "postgres-puts": postgres_rows.puts,
        "postgres-cycle": postgres_rows.cycles,
        "postgres-hosts": postgres_rows.hosts,
    }
SUITE: dict[str, Measure] = {"suite": suite_rows.suite}
"""Takes longer than all others together, so it is measured, and saved, by itself."""


def main(words: Sequence[str]) -> int:
    """Run the named measurements and print the table; return 0 if all of them succeed.

    A run of all measurements is saved, and written into the documentation; so is the suite's.
    """
    if list(words) == ["--document"]:
        document.write()
        return 0
    known = {**MEASURES, **SUITE}
    if unknown := set(words) - known.keys():
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    configure("error")
    print(
        f"{'':9}{'comenq':>11} {'other':>11}  {'ratio':>6}  {'middle half':14}  {'target':8}"
        " measurement"
    )
    results, failed = Results(), []
    for name in words or MEASURES:
        start = time.monotonic()
        try:
            made = known[name]()
        except Exception:  # noqa: BLE001  (the other measurements still run)
            failed.append(name)
            traceback.print_exc()
            continue
        results.add([made] if isinstance(made, Row) else made)
        print(f"          ({name}: {time.monotonic() - start:.0f} s)", flush=True)
    if failed:
        print(f"these failed: {', '.join(failed)}", file=sys.stderr)
        return 1
    if file := {(): FILE, tuple(SUITE): SUITE_FILE}.get(tuple(words)):
        results.save(file)
        document.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
