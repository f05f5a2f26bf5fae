"""`comenq hist`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from comenq_core.cli.comenq.filters import Filter, add_filters
from comenq_core.cli.comenq.pagination import history
from comenq_core.cli.comenq.requests import add_json, number
from comenq_core.cli.comenq.seen import tell_seen
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.output import print_error, print_json, print_result
from comenq_core.cli.table import WIDE, Column, Table, line_width
from comenq_core.cli.text_width import fit_middle
from comenq_core.presentation.formatting import (
    attempt_count,
    clock,
    day,
    duration,
    first_line,
    job_json,
    target,
)
from comenq_core.presentation.review_text import ENDED, review_of

__all__ = ["configure", "run"]

PAGE = 20
COLUMNS = (
    Column("TIME"),
    Column("TIME"),
    Column("ID"),
    Column("PULL REQUEST", least=24, cut=fit_middle),
    Column("COMMENT", least=12, most=40),
    Column("STATE"),
    Column("ATTEMPTS"),
    Column("AFTER"),
    Column("URL OR REASON"),
    Column("VIA"),
)
TIME, DAY, ID, TARGET, COMMENT, STATE, ATTEMPTS, AFTER, URL, VIA = range(len(COLUMNS))
LAYOUTS = (
    (TIME, ID, TARGET, COMMENT, STATE, ATTEMPTS, AFTER, URL),
    (TIME, ID, TARGET, COMMENT, STATE, ATTEMPTS, AFTER),
    (TIME, ID, TARGET, COMMENT, STATE, AFTER),
    (DAY, ID, TARGET, COMMENT, STATE),
    (DAY, ID, TARGET, STATE),
)
COLOURS = {
    "posted": "green",
    "reviewed": "green",
    "skipped": "yellow",
    "deleted": "yellow",
    "failed": "red",
}
# A URL is never cut: part of it is of no use.
TABLE = Table(COLUMNS, LAYOUTS, COLOURS, below=URL)
EVERYTHING = Table(COLUMNS, [(*LAYOUTS[0][:-1], VIA, URL)], COLOURS)
EXAMPLES = """\
examples:
  comenq hist -n 5
  comenq hist --repo octo-org/site --failed
  comenq hist --json | jq -r .url
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    newest = f"show the newest N jobs (default: {PAGE}; with --json, all)"
    add("-n", "--limit", type=number, metavar="N", help=newest)
    add("--failed", action="store_true", help="show only failed jobs")
    add_filters(parser)
    add_json(parser, "print each job as JSON, one per line")


def run(args: Namespace) -> int:
    """List jobs that are over, newest last."""
    limit = args.limit or (None if args.json else PAGE)
    which = Filter.of(args)
    jobs = history(args, limit=limit, failed=args.failed, which=which)
    if args.json:
        print_json(map(job_json, jobs))
    elif jobs:
        now = time.time()
        table, space = (EVERYTHING, WIDE) if args.wide else (TABLE, line_width())
        print_result(*table.lines([_row(job, now) for job in jobs], space))
        tell_seen(args, jobs)
    elif any(which):
        print_error("no job that is over matches")
    else:
        print_error("no job has failed" if args.failed else "no job is over yet")
    return DONE


def _row(job: dict[str, Any], now: float) -> list[object]:
    return [
        clock(job["posted_at"], now),
        day(job["posted_at"], now),
        job["id"],
        target(job),
        first_line(job),
        _state(job),
        attempt_count(job),
        duration(job["latency_seconds"]),
        _url_or_reason(job),
        job["origin"].get("via") or "",
    ]


def _state(job: dict[str, Any]) -> str:
    """What became of the job or, if it asked for a review, of that."""
    review = review_of(job)
    known = review and review["state"] in (*ENDED, "awaiting")
    return str(review["state"].replace("_", " ") if review and known else job["state"])


def _url_or_reason(job: dict[str, Any]) -> str:
    review = review_of(job)
    if review and review["state"] in ENDED:
        return str((review["state"] == "reviewed" and review["url"]) or job["reason"] or job["url"])
    return job["url"] or job["error"] or ""
