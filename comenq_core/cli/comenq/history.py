"""`comenq hist`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from comenq_core.cli.comenq.pagination import history
from comenq_core.cli.comenq.requests import add_json, number
from comenq_core.cli.comenq.seen import tell_seen
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.formatting import attempt_count, clock, duration, job_json, target
from comenq_core.cli.output import print_error, print_json, print_result
from comenq_core.cli.table import columns

__all__ = ["configure", "run"]

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
    parser.epilog = EXAMPLES
    add = parser.add_argument
    newest = f"show the newest N jobs (default: {PAGE}; with --json, all)"
    add("-n", "--limit", type=number, metavar="N", help=newest)
    add("--failed", action="store_true", help="show only failed jobs")
    add_json(parser, "print each job as JSON, one per line")


def run(args: Namespace) -> int:
    """List jobs that are over, newest last."""
    limit = args.limit or (None if args.json else PAGE)
    jobs = history(args, limit=limit, failed=args.failed)
    if args.json:
        print_json(map(job_json, jobs))
    elif jobs:
        now = time.time()
        # Lines are not cut: part of a URL is of no use.
        print_result(*columns(HEADS, [_row(job, now) for job in jobs], colours=COLOURS))
        tell_seen(args, jobs)
    else:
        print_error("no job has failed" if args.failed else "no job is over yet")
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
