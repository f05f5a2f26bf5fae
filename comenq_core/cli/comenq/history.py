"""`comenq hist`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

from comenq_core.cli.comenq.pagination import history
from comenq_core.cli.comenq.requests import add_json, number
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.formatting import attempt_count, clock, duration, target
from comenq_core.cli.output import emit_json, print_error, print_result
from comenq_core.cli.table import columns

__all__ = ["configure", "run"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGE = 20
HEADS = ("TIME", "ID", "PULL REQUEST", "STATE", "ATTEMPTS", "AFTER", "URL OR REASON")
COLOURS = {"posted": "green", "skipped": "yellow", "failed": "red"}
EXAMPLES = """\
examples:
  comenq hist -n 5
  comenq hist --failed
  comenq hist --json | jq -r .url
"""


def configure(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    newest = f"the newest so many (default: {PAGE})"
    add("-n", "--limit", type=number, metavar="N", default=PAGE, help=newest)
    add("--failed", action="store_true", help="only those that were given up")
    add_json(parser, "each job as a line of")


def run(args: Namespace) -> int:
    """List what became of jobs, newest last."""
    jobs = history(args, limit=args.limit, failed=args.failed)
    if args.json:
        emit_json(jobs)
    elif jobs:
        now = time.time()
        # Lines are not cut: an address is of use only as a whole.
        print_result(*columns(HEADS, [_row(job, now) for job in jobs], colours=COLOURS))
    else:
        print_error("there is no history yet")
    return DONE


def _row(job: dict[str, Any], now: float) -> list[object]:
    return [
        clock(job["posted_at"], now),
        job["id"],
        target(job),
        job["state"],
        attempt_count(job),
        duration(job["latency_seconds"]),
        job["url"] or job["error"] or "",
    ]
