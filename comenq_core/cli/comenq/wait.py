"""`comenq wait`."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from comenq_core.cli.comenq.pagination import history, listed
from comenq_core.cli.comenq.requests import add_ids, add_json, read_ids
from comenq_core.cli.comenq.times import read_duration
from comenq_core.cli.comenq.until import POSTED, add_until
from comenq_core.cli.comenq.waiter import JobWaiter
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import print_error

__all__ = ["configure", "read_timeout", "run"]

Job = dict[str, Any]

NEWEST = 100
"""How many jobs of the history are looked through for the last one of a user."""
EXAMPLES = """\
examples:
  comenq wait                       # for the last comment that you have queued
  comenq wait 7f3k && echo posted
  comenq wait --all --timeout 1h
  comenq wait 7f3k --until answered && echo reviewed

exit status: 0 all jobs were posted or, with --until answered, reviewed; 1 one failed, was skipped,
deleted, or not reviewed; where a comment stays queued, and must not be queued again: 4 timed out,
5 a person has to do something first
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add_ids(parser)
    parser.add_argument("--all", action="store_true", help="wait for all that is queued now")
    add_until(parser)
    add_timeout(parser)
    add_json(parser, "print each job as JSON once it is over, or not waited for any longer")


def add_timeout(parser: ArgumentParser) -> None:
    """Add the option ``--timeout``; `read_timeout` reads it."""
    parser.add_argument(
        "--timeout", metavar="TIME", help="stop waiting after this time: 90s, 45m, 1h30m"
    )


def read_timeout(text: str | None) -> float | None:
    """The seconds that ``--timeout`` gives.

    Raises:
        UsageError: it is no length of time.
    """
    return None if text is None else read_duration("--timeout", text).total_seconds()


def run(args: Namespace) -> int:
    """Wait until the jobs are over; print the URL of each that was posted."""
    seconds = read_timeout(args.timeout)
    if args.all and args.ids:
        raise UsageError("give ids or --all, not both")
    if args.ids:
        awaited: dict[str, Job | None] = dict.fromkeys(read_ids(args.ids))
    elif args.all:
        awaited = {job["id"]: job for job in listed(args)}
    else:
        awaited = {job["id"]: job for job in _last_own(args)}
        if not awaited:
            print_error("you have queued nothing that is known here: give the id of a job")
            return FAILED
    if not awaited:
        print_error("there is nothing to wait for")
        return DONE
    until = args.until or POSTED
    return JobWaiter(args.socket, awaited, as_json=args.json, until=until).wait(seconds)


def _last_own(args: Namespace) -> list[Job]:
    """The last job that this user has queued, if there is one."""
    newest = max(_own([*listed(args), *history(args, limit=NEWEST)]), key=_arrival, default=None)
    return [newest] if newest else []


def _own(jobs: Iterable[Job]) -> Iterable[Job]:
    return (job for job in jobs if job["origin"]["uid"] == os.getuid())


def _arrival(job: Job) -> datetime:
    return datetime.fromisoformat(job["arrived"])
