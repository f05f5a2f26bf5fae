"""Run the benchmarks: ``scripts/bench [NAME…]``, see README.md beside this file."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Sequence

from benchmarks import (
    document,
    growth,
    idle_rows,
    intake_rows,
    mcp_rows,
    postgres_rows,
    store_rows,
    worker_rows,
)
from benchmarks.ratios import Curve, Row
from benchmarks.results import Results
from comenq_core.process.log import configure
from tests.postgres.server import missing

MEASURES: dict[str, Callable[[], Row | Sequence[Row | Curve]]] = {
    "command": intake_rows.command,
    "clients": intake_rows.many_clients,
    "pipelined": intake_rows.pipelined,
    "latency": intake_rows.latency,
    "store": store_rows.beside_others,
    "depth": store_rows.depth,
    "posts": worker_rows.posts,
    "wake": worker_rows.wake_up,
    "memory": idle_rows.memory_and_wakeups,
    "list": idle_rows.first_page,
    "web": idle_rows.web_memory,
    "mcp": mcp_rows.server,
    "growing-clients": growth.clients,
    "growing-depth": growth.depth,
}
if not missing():
    MEASURES |= {
        "postgres-puts": postgres_rows.puts,
        "postgres-cycle": postgres_rows.cycles,
        "postgres-hosts": postgres_rows.hosts,
    }


def main(words: Sequence[str]) -> int:
    """Run the named measurements and print the table; return 0 if all of them succeed.

    A run of all measurements is saved, and written into the documentation.
    """
    if list(words) == ["--document"]:
        document.write()
        return 0
    if unknown := set(words) - MEASURES.keys():
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(MEASURES)}", file=sys.stderr)
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
            made = MEASURES[name]()
        except Exception:  # noqa: BLE001  (the other measurements still run)
            failed.append(name)
            traceback.print_exc()
            continue
        results.add([made] if isinstance(made, Row) else made)
        print(f"          ({name}: {time.monotonic() - start:.0f} s)", flush=True)
    if failed:
        print(f"these failed: {', '.join(failed)}", file=sys.stderr)
        return 1
    if not words:
        results.save()
        document.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
