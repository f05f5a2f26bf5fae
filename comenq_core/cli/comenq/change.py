"""The commands that change jobs, from `comenq bump` to `comenq forget`."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from comenq_core.cli.comenq.pagination import history, listed
from comenq_core.cli.comenq.requests import add_ids, add_json, read_ids
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.client import accepted, candidates, connect
from comenq_core.errors import DaemonRefused, NotAcknowledged
from comenq_core.presentation.formatting import in_queue, job_json, target
from comenq_core.text import printable

__all__ = ["configure", "run", "summary"]

Reply = dict[str, Any]

DONE_WORDS = {
    "bump": "bumped",
    "bust": "moved back",
    "defer": "moved back",
    "hold": "held",
    "release": "released",
    "retry": "queued again",
    "del": "deleted",
    "undelete": "queued again",
    "forget": "erased",
}
# What becomes of a job that is retried or restored, where it does not wait to be posted.
AGAIN = {"checking": "looked up again", "held": "held again"}
# What older daemons call it.
OPERATIONS = {"defer": "bust"}
# The states of the jobs that --all changes; moving all jobs would change no order.
ALL: Mapping[str, Sequence[str]] = {
    "hold": ("waiting",),
    "release": ("held",),
    "retry": ("failed",),
    "del": ("waiting", "held"),
}


def configure(parser: ArgumentParser) -> None:
    name = parser.get_default("command")
    example = f"  comenq list --repo octo-org/site --json | jq -r .id | comenq {name} -"
    if name == "retry":
        example = example.replace("--json", "--state failed --json")
    parser.epilog = f"examples:\n  comenq {name} 7f3k 9q2m\n{example}\n"
    add_ids(parser)
    if name in ALL:
        states = " and ".join(ALL[name])
        parser.add_argument("--all", action="store_true", help=f"select all {states} jobs")
    if name == "del":
        parser.add_argument(
            "-y", "--yes", action="store_true", help="delete several jobs without asking"
        )
    add_json(parser, "print each changed job as JSON, one per line")


def run(args: Namespace) -> int:
    """Change the jobs one by one; the command fails if one of them cannot be changed."""
    wants_all = getattr(args, "all", False)
    if wants_all == bool(args.ids):
        alternative = ", or --all, but not both" if args.command in ALL else ""
        raise UsageError(f"give the ids of the jobs{alternative}")
    ids = _all(args) if wants_all else read_ids(args.ids)
    if not ids:
        print_error(f"there is nothing to {args.command}")
        return DONE
    if args.command == "del" and len(ids) > 1 and not (args.yes or _is_confirmed(len(ids))):
        print_error("nothing is deleted")
        return FAILED
    return DONE if all(_changes(args, ids)) else FAILED


def _is_confirmed(number: int) -> bool:
    """Whether the user wants to delete so many jobs; without a terminal nobody is asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    print(f"Delete {number:,} jobs? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _changes(args: Namespace, ids: Sequence[str]) -> Sequence[bool]:
    """Whether each job is changed. None waits for a reply, so that the daemon can batch them."""
    operation = OPERATIONS.get(args.command, args.command)
    are_changed: list[bool] = []
    try:
        with connect(candidates(args.socket, os.environ)) as daemon:
            for reply in daemon.ask_many({"op": operation, "id": job_id} for job_id in ids):
                are_changed.append(_is_changed(args, reply))  # noqa: PERF401 -- may end amid it
    except (NotAcknowledged, KeyboardInterrupt):
        if missing := ids[len(are_changed) :]:
            jobs = f"{len(missing):,} of the jobs, from {missing[0]} on"
            print_error(f"no reply for {jobs}: they may or may not be changed")
        raise
    return are_changed


def _all(args: Namespace) -> list[str]:
    states = ALL[args.command]
    jobs = history(args, failed=True) if "failed" in states else listed(args, state=states)
    return [job["id"] for job in jobs]


def _is_changed(args: Namespace, reply: Reply) -> bool:
    try:
        entry = accepted(reply)["entry"]
    except DaemonRefused as error:
        print_error(printable(error))
        return False
    print_done(as_json(job_json(entry)) if args.json else summary(args.command, entry))
    return True


def summary(command: str, entry: Reply) -> str:
    """What the command did to the job, on one line."""
    still_waits = command != "del" and entry["state"] == "waiting"
    place = [in_queue(entry, time.time())] if still_waits else []
    # Its comment may be posted already, or nobody has released it.
    waits = AGAIN.get(entry["state"]) if command in {"retry", "undelete"} else None
    done = waits or DONE_WORDS[command]
    # Its text is still at the forge, where comenq deletes nothing.
    left = [f"posted at {entry['url']}"] if command == "forget" and entry["url"] else []
    return " · ".join([f"{done} {entry['id']}", target(entry), *place, *left])
