"""`comenq wait`, and ``comenq put --wait``.

The daemon is asked again now and then. A connection that it had to keep open for hours would not
outlive its restart, and the few questions cost it next to nothing.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from comenq_core.cli.comenq.requests import add_ids, add_json, named_ids
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import emit_json, print_error, print_result
from comenq_core.client import accepted, candidates, connect
from comenq_core.errors import DaemonError
from comenq_core.text import printable

__all__ = ["JobWaiter", "configure", "next_pause", "run"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Reply = dict[str, Any]
    Job = dict[str, Any]

SHORTEST, LONGEST = 0.2, 5.0
"""Seconds between two questions."""
ABSENCE = 60.0
"""Seconds for which a daemon may be away, to be restarted for instance."""
UNKNOWN = ("no_such_job", "invalid_request")
OVER = ("posted", "skipped", "failed")
EXAMPLES = """\
examples:
  comenq wait 7f3k && echo It is on the pull request.
  comenq wait --timeout 1h 7f3k 9q2m

exit status: 0 all were posted, 1 one was not, or the time was up
"""


def configure(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = EXAMPLES
    add_ids(parser)
    parser.add_argument("--timeout", metavar="TIME", help="give up after so long: 90s, 45m, 1h30m")
    add_json(parser, "each job that is over as a line of")


def run(args: Namespace) -> int:
    """Wait until the jobs are over; print the URL of each that was posted."""
    seconds = None
    if args.timeout is not None:
        from comenq_core.cli.comenq.times import read_duration

        seconds = read_duration("--timeout", args.timeout).total_seconds()
    if not args.ids:
        raise UsageError("name the jobs to wait for by their ids")
    ids = named_ids(args.ids)
    if not ids:
        print_error("there is nothing to wait for")
    return JobWaiter(args.socket, dict.fromkeys(ids), as_json=args.json).keep(seconds)


def next_pause(seconds_left: float | None, before: float) -> float:
    """Seconds until the next question: a quarter of the time that is left, within limits.

    Args:
        seconds_left: until the first of the jobs will be posted; ``None`` where nobody knows.
        before: the last pause. Where the time is up, or unknown, the next one is longer.
    """
    wanted = seconds_left / 4 if seconds_left else 1.5 * before
    return min(LONGEST, max(SHORTEST, wanted))


class JobWaiter:
    """Waits for jobs, and tells how each has ended.

    Args:
        socket: the daemon's socket, if it was named.
        awaited: the jobs, by their ids or their beginnings, with what is known of each.
        as_json: print the jobs as JSON, and not their URLs.
    """

    def __init__(
        self, socket: str | None, awaited: Mapping[str, Job | None], *, as_json: bool
    ) -> None:
        self._socket = socket
        self._as_json = as_json
        self._awaited = dict(awaited)
        self._told: set[str] = set()
        self._are_posted = True

    def keep(self, seconds: float | None = None) -> int:
        """Wait until all are over, or for so many seconds; return the exit status.

        Raises:
            DaemonError: the daemon cannot be reached, or has been away for too long.
        """
        began = answered = time.monotonic()
        pause, end = SHORTEST, None if seconds is None else began + seconds
        self._look()
        while self._awaited:
            pause = next_pause(self._seconds_left(), pause)
            if end is not None:
                pause = min(pause, end - time.monotonic())
                if pause <= 0:
                    return self._give_up()
            time.sleep(pause)
            try:
                self._look()
                answered = time.monotonic()
            except DaemonError:
                if time.monotonic() - answered > ABSENCE:
                    raise
        return DONE if self._are_posted else FAILED

    def _look(self) -> None:
        questions = [{"op": "show", "id": job_id} for job_id in self._awaited]
        with connect(candidates(self._socket, os.environ)) as daemon:
            replies = list(daemon.ask_many(questions))
        self._awaited = dict(
            kept
            for word, reply in zip(list(self._awaited), replies, strict=True)
            if (kept := self._learn(word, reply)) is not None
        )

    def _learn(self, word: str, reply: Reply) -> tuple[str, Job] | None:
        """Take note of what is known of a job; return it if it is not over."""
        if reply.get("code") in UNKNOWN:
            self._are_posted = False
            print_error(
                f"{word}: was deleted" if self._awaited[word] else printable(reply["message"])
            )
            return None
        job = accepted(reply)["entry"]
        if job["state"] not in OVER:
            return job["id"], job
        # Two words may have meant the same job.
        if job["id"] not in self._told:
            self._told.add(job["id"])
            self._tell(job)
        return None

    def _tell(self, job: Job) -> None:
        is_posted = job["state"] == "posted"
        self._are_posted &= is_posted
        if self._as_json:
            emit_json([job])
        elif is_posted:
            print_result(job["url"])
        else:
            print_error(f"{job['id']}: {job['state']}: {printable(job['reason'])}")
        sys.stdout.flush()

    def _seconds_left(self) -> float | None:
        times = [job["eta_seconds"] for job in self._awaited.values() if job]
        return min((seconds for seconds in times if seconds is not None), default=None)

    def _give_up(self) -> int:
        for word, job in self._awaited.items():
            print_error(
                f"{word}: the time is up, and it is still {job['state'] if job else 'there'}"
            )
        return FAILED
