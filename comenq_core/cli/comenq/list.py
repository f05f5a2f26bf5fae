"""`comenq list`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, cast

from comenq_core.cli.comenq.filters import Filter, add_filters
from comenq_core.cli.comenq.hints import tell_held
from comenq_core.cli.comenq.pagination import history, listed
from comenq_core.cli.comenq.requests import add_json, ask, number
from comenq_core.cli.comenq.seen import tell_seen
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.output import print_error, print_json, print_result
from comenq_core.cli.table import WIDE, Column, Table, line_width
from comenq_core.cli.text_width import fit_middle
from comenq_core.presentation.formatting import (
    QUEUED,
    attempt_count,
    clock,
    day,
    first_line,
    job_json,
    target,
    wait_time,
    when,
)
from comenq_core.presentation.review_text import review_time

__all__ = ["configure", "run", "table"]

Job = dict[str, Any]
Status = dict[str, Any]

PAGE = 50
PENDING = ("waiting", "posting", "checking", "unconfirmed", "held")
AWAITING = "awaiting"
FAILED = "failed"
COLUMNS = (
    Column("ID"),
    Column("PULL REQUEST", least=24, cut=fit_middle),
    Column("COMMENT", least=12, most=60),
    Column("STATE"),
    Column("ATTEMPTS"),
    Column("WHEN"),
    Column("WHEN"),
    Column("VIA"),
)
ID, TARGET, COMMENT, STATE, ATTEMPTS, WHEN, SHORT_WHEN, VIA = range(len(COLUMNS))
LAYOUTS = (
    (ID, TARGET, COMMENT, STATE, ATTEMPTS, WHEN),
    (ID, TARGET, COMMENT, STATE, WHEN),
    (ID, TARGET, COMMENT, STATE, SHORT_WHEN),
    (ID, TARGET, STATE, SHORT_WHEN),
)
COLOURS = {
    "posting": "cyan",
    "checking": "yellow",
    "unconfirmed": "red",
    "held": "yellow",
    FAILED: "red",
}
TABLE = Table(COLUMNS, LAYOUTS, COLOURS)
EVERYTHING = Table(COLUMNS, [(*LAYOUTS[0], VIA)], COLOURS)
EXAMPLES = """\
examples:
  comenq list
  comenq list --repo octo-org/site --state held
  comenq list --pr octo-org/site#7
  comenq list --state failed
  comenq list --via mcp
  comenq list --json | jq -r .body
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    extent = parser.add_mutually_exclusive_group()
    most = f"show at most N jobs (default: {PAGE})"
    extent.add_argument("-n", "--limit", type=number, metavar="N", help=most)
    extent.add_argument(
        "--all", action="store_true", help="show all jobs (the default with --json)"
    )
    add_filters(parser)
    add(
        "--state",
        action="append",
        choices=(*PENDING, AWAITING, FAILED),
        help="show only jobs in this state; can be repeated (default: all but failed); awaiting are"
        " posted ones whose review is awaited",
    )
    add_json(parser, "print each job, with its whole comment, as JSON, one per line")


def run(args: Namespace) -> int:
    """List the jobs in the order in which they will be posted."""
    which = Filter.of(args)

    @cache
    def status() -> Status:
        return cast("Status", ask(args, op="status")["status"])

    if args.json:
        print_json(map(job_json, islice(_jobs(args, which, args.limit, status), args.limit)))
        return DONE
    limit = args.limit or (None if args.all else PAGE)
    # One more than is shown tells whether there are more.
    found = list(islice(_jobs(args, which, limit and limit + 1, status), limit and limit + 1))
    jobs = found[:limit]
    is_filtered = any(which) or args.state
    if jobs:
        columns, space = (EVERYTHING, WIDE) if args.wide else (TABLE, line_width())
        print_result(*table(jobs, space, columns))
        tell_seen(args, jobs)
    else:
        print_error("no queued job matches" if is_filtered else "nothing is queued")
    are_more = len(found) > len(jobs)
    tell_held(sum(job["state"] == "held" for job in jobs))
    _tell_of_others(args, status, which, shown=len(jobs), are_more=are_more)
    return DONE


def table(jobs: Sequence[Job], space: int | None, columns: Table = TABLE) -> Iterator[str]:
    """The jobs as a table that fits a line of ``space`` columns; `Table.lines` says how."""
    now = time.time()
    return columns.lines([_row(job, now) for job in jobs], space)


def _jobs(
    args: Namespace, which: Filter, limit: int | None, status: Callable[[], Status]
) -> Iterator[Job]:
    states = [state for state in PENDING if state in args.state] if args.state else None
    if states != []:
        yield from listed(args, limit=limit, state=states, **which._asdict())
    # An older daemon awaits no answers.
    if AWAITING in args.state if args.state else status().get("awaiting"):
        yield from listed(args, awaiting=True, **which._asdict())
    if args.state and FAILED in args.state:
        yield from history(args, failed=True, which=which)


def _tell_of_others(
    args: Namespace, status: Callable[[], Status], which: Filter, *, shown: int, are_more: bool
) -> None:
    if args.state and not are_more:
        return
    counts = status()["counts"]
    if are_more and not (any(which) or args.state):
        more = sum(counts.get(state, 0) for state in QUEUED) - shown
        print_error(f"… and {more:,} more: see them with -n NUMBER or --all")
    elif are_more:
        print_error("… and more: see them with -n NUMBER or --all")
    if counts[FAILED] and not args.state:
        print_error(f"{counts[FAILED]:,} failed: see them with --state failed")


def _row(job: Job, now: float) -> list[object]:
    return [
        job["id"],
        target(job),
        first_line(job) or job["reason"],
        job["state"],
        attempt_count(job),
        *_when(job, now),
        job["origin"].get("via") or "",
    ]


def _when(job: Job, now: float) -> tuple[str, str]:
    """When the job was or will be posted, in words and in few columns."""
    if "posted_at" in job:
        return clock(job["posted_at"], now), day(job["posted_at"], now)
    if review := review_time(job, now):
        return review, review
    if job["state"] != "waiting":
        why = job["reason"] if job["state"] == "held" else ""
        return why, why
    seconds, trouble = job["eta_seconds"], job.get("trouble")
    return when(seconds, now, trouble).removeprefix("about "), wait_time(seconds)
