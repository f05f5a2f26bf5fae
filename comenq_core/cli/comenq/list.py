"""`comenq list`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from comenq_core.cli.comenq.pagination import history, listed
from comenq_core.cli.comenq.requests import add_json, ask, number
from comenq_core.cli.comenq.seen import tell_seen
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.formatting import QUEUED, attempt_count, clock, job_json, target, when
from comenq_core.cli.output import print_error, print_json, print_result
from comenq_core.cli.table import columns

__all__ = ["configure", "run", "table"]

Job = dict[str, Any]

PAGE = 50
PENDING = ("waiting", "posting", "checking", "unconfirmed", "held")
FAILED = "failed"
HEADS = ("ID", "PULL REQUEST", "COMMENT", "STATE", "ATTEMPTS", "WHEN")
COMMENT = HEADS.index("COMMENT")
# On a narrow terminal, the job and its state matter more than the rest.
SPARE = (HEADS.index("ATTEMPTS"), HEADS.index("WHEN"), COMMENT)
COLOURS = {
    "posting": "cyan",
    "checking": "yellow",
    "unconfirmed": "red",
    "held": "yellow",
    FAILED: "red",
}
EXAMPLES = """\
examples:
  comenq list
  comenq list --repo octo-org/site --state held
  comenq list --state failed
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
    add("--repo", metavar="OWNER/REPO", help="show only jobs for this repository")
    add(
        "--state",
        action="append",
        choices=(*PENDING, FAILED),
        help="show only jobs in this state; can be repeated (default: all but failed)",
    )
    add_json(parser, "print each job, with its whole comment, as JSON, one per line")


def run(args: Namespace) -> int:
    """List the jobs in the order in which they will be posted."""
    if args.json:
        print_json(map(job_json, islice(_jobs(args, args.limit), args.limit)))
        return DONE
    limit = args.limit or (None if args.all else PAGE)
    # One more than is shown tells whether there are more.
    jobs = list(islice(_jobs(args, limit and limit + 1), limit and limit + 1))
    if jobs:
        print_result(*table(jobs[:limit]))
        tell_seen(args, jobs[:limit])
    else:
        print_error("no queued job matches" if args.repo or args.state else "nothing is queued")
    _tell_of_others(args, shown=len(jobs[:limit]), are_more=len(jobs) != len(jobs[:limit]))
    return DONE


def table(jobs: list[Job]) -> list[str]:
    """The jobs as a table that fits the terminal."""
    now = time.time()
    rows = [_row(job, now) for job in jobs]
    return columns(HEADS, rows, shrink=COMMENT, spare=SPARE, colours=COLOURS)


def _jobs(args: Namespace, limit: int | None) -> Iterator[Job]:
    if not args.state:
        return listed(args, limit=limit, repo=args.repo)
    pending = [state for state in PENDING if state in args.state]
    queued = listed(args, limit=limit, repo=args.repo, state=pending) if pending else iter(())
    return chain(queued, _failed(args)) if FAILED in args.state else queued


def _failed(args: Namespace) -> Iterator[Job]:
    for job in history(args, failed=True):
        if args.repo is None or target(job).lower().startswith(f"{args.repo.lower()}#"):
            yield job


def _tell_of_others(args: Namespace, *, shown: int, are_more: bool) -> None:
    if args.state and not are_more:
        return
    counts = ask(args, op="status")["status"]["counts"]
    if are_more and not (args.repo or args.state):
        more = sum(counts.get(state, 0) for state in QUEUED) - shown
        print_error(f"… and {more:,} more: see them with -n NUMBER or --all")
    elif are_more:
        print_error("… and more: see them with -n NUMBER or --all")
    if counts[FAILED] and not args.state:
        print_error(f"{counts[FAILED]:,} failed: see them with --state failed")


def _row(job: Job, now: float) -> list[object]:
    first_line = (job["body"] or job["reason"]).strip().partition("\n")[0]
    return [
        job["id"],
        target(job),
        first_line.rstrip("\r"),
        job["state"],
        attempt_count(job),
        _when(job, now),
    ]


def _when(job: Job, now: float) -> str:
    if "posted_at" in job:
        return clock(job["posted_at"], now)
    if job["state"] != "waiting":
        return ""
    return when(job["eta_seconds"], now, job.get("trouble")).removeprefix("about ")
