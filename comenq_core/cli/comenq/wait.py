"""`comenq wait`, and ``comenq put --wait``.

The daemon is asked again at intervals: a connection that is open for hours would not survive its
restart, and a few requests cost it next to nothing.
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any

from comenq_core.cli.comenq.requests import add_ids, add_json, read_ids
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.client import accepted, candidates, connect
from comenq_core.errors import DaemonError
from comenq_core.text import printable

__all__ = ["JobWaiter", "configure", "next_pause", "run"]

Reply = dict[str, Any]
Job = dict[str, Any]

SHORTEST, LONGEST = 0.2, 5.0
"""Limits of the pause between two requests, in seconds."""
ABSENCE = 60.0
"""Seconds for which the daemon may be away, for instance during a restart."""
UNKNOWN = ("no_such_job", "invalid_request")
OVER = ("posted", "skipped", "failed", "unconfirmed", "deleted")
"""The states in which waiting is of no use; only a person ends the last one."""
EXAMPLES = """\
examples:
  comenq wait 7f3k && echo posted
  comenq wait --timeout 1h 7f3k 9q2m

exit status: 0 all jobs were posted, 1 one was not or is unconfirmed, or the timeout expired
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add_ids(parser)
    parser.add_argument(
        "--timeout", metavar="TIME", help="stop waiting after this time: 90s, 45m, 1h30m"
    )
    add_json(parser, "print each job that is over as JSON, one per line")


def run(args: Namespace) -> int:
    """Wait until the jobs are over; print the URL of each that was posted."""
    seconds = None
    if args.timeout is not None:
        from comenq_core.cli.comenq.times import read_duration

        seconds = read_duration("--timeout", args.timeout).total_seconds()
    if not args.ids:
        raise UsageError("give the ids of the jobs to wait for")
    ids = read_ids(args.ids)
    if not ids:
        print_error("there is nothing to wait for")
    return JobWaiter(args.socket, dict.fromkeys(ids), as_json=args.json).wait(seconds)


def next_pause(seconds_left: float | None, before: float) -> float:
    """Seconds until the next request: a quarter of the time that is left, within limits.

    Args:
        seconds_left: until the first of the jobs is posted; ``None`` if unknown.
        before: the last pause. If no time is left, or it is unknown, the next one is longer.
    """
    wanted = seconds_left / 4 if seconds_left else 1.5 * before
    return min(LONGEST, max(SHORTEST, wanted))


class JobWaiter:
    """Waits for jobs, and prints the result of each.

    Args:
        socket: the daemon's socket, if one is given.
        awaited: the jobs by id or by its prefix, with what is known of each.
        as_json: print the jobs as JSON instead of their URLs.
    """

    def __init__(
        self, socket: str | None, awaited: Mapping[str, Job | None], *, as_json: bool
    ) -> None:
        self._socket = socket
        self._as_json = as_json
        self._awaited = dict(awaited)
        self._printed: set[str] = set()
        self._are_posted = True

    def wait(self, seconds: float | None = None) -> int:
        """Wait until all jobs are over, at most so many seconds; return the exit status.

        Raises:
            DaemonError: the daemon cannot be reached, or has been away for too long.
        """
        began = answered = time.monotonic()
        pause, end = SHORTEST, None if seconds is None else began + seconds
        self._print_those_over()
        self._refresh()
        while self._awaited:
            pause = next_pause(self._seconds_left(), pause)
            if end is not None:
                pause = min(pause, end - time.monotonic())
                if pause <= 0:
                    return self._time_out()
            time.sleep(pause)
            try:
                self._refresh()
                answered = time.monotonic()
            except DaemonError:
                if time.monotonic() - answered > ABSENCE:
                    raise
        return DONE if self._are_posted else FAILED

    def _print_those_over(self) -> None:
        """Print the jobs that were over when they were queued: their key was used before.

        The daemon may know no more of such a job than it has said already.
        """
        for word, job in list(self._awaited.items()):
            if job and job["state"] in OVER:
                self._printed.add(job["id"])
                self._print(job)
                del self._awaited[word]

    def _refresh(self) -> None:
        requests = [{"op": "show", "id": job_id} for job_id in self._awaited]
        with connect(candidates(self._socket, os.environ)) as daemon:
            replies = list(daemon.ask_many(requests))
        self._awaited = dict(
            pending
            for word, reply in zip(list(self._awaited), replies, strict=True)
            if (pending := self._update(word, reply)) is not None
        )

    def _update(self, word: str, reply: Reply) -> tuple[str, Job] | None:
        """Record what the reply says of a job; return the job if it is not over."""
        if reply.get("code") in UNKNOWN:
            self._are_posted = False
            print_error(
                f"{word}: was deleted" if self._awaited[word] else printable(reply["message"])
            )
            return None
        job = accepted(reply)["entry"]
        if job["state"] not in OVER:
            return job["id"], job
        # Two of the words may stand for the same job.
        if job["id"] not in self._printed:
            self._printed.add(job["id"])
            self._print(job)
        return None

    def _print(self, job: Job) -> None:
        is_posted = job["state"] == "posted"
        self._are_posted &= is_posted
        if self._as_json:
            print_done(as_json(job))
        elif is_posted:
            print_done(job["url"])
        elif job["state"] == "deleted":
            print_error(f"{job['id']}: was deleted")
        else:
            more = f" (see comenq show {job['id']})" if job["state"] == "unconfirmed" else ""
            print_error(f"{job['id']}: {job['state']}: {printable(job['reason'])}{more}")

    def _seconds_left(self) -> float | None:
        times = [job["eta_seconds"] for job in self._awaited.values() if job]
        return min((seconds for seconds in times if seconds is not None), default=None)

    def _time_out(self) -> int:
        for word, job in self._awaited.items():
            print_error(f"{word}: timed out, the job is still {job['state'] if job else 'there'}")
        return FAILED
