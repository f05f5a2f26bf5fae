"""Waits for jobs, for ``comenq wait`` and ``comenq put --wait``.

The daemon is asked again at intervals: a connection that is open for hours would not survive its
restart, and a few requests cost it next to nothing.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from typing import Any

from comenq_core.cli.comenq.awaited import (
    SHORTEST,
    hindrance,
    needs,
    next_asked,
    next_pause,
    waiting_line,
)
from comenq_core.cli.comenq.progress import Progress
from comenq_core.cli.comenq.until import ANSWERED, POSTED
from comenq_core.cli.exit_status import DONE, FAILED, NEEDS_PERSON, TIMED_OUT
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.client import accepted, candidates, connect
from comenq_core.errors import DaemonError
from comenq_core.presentation.formatting import countdown, job_json, when
from comenq_core.presentation.review_text import is_answered, review_of
from comenq_core.text import printable

__all__ = ["JobWaiter"]

Job = dict[str, Any]
Reply = dict[str, Any]
Reasons = Mapping[str, str]
"""Why it is of no use to wait for some jobs, by id or by its prefix."""

PATIENCE_SECONDS = 60.0
"""How long the daemon or its worker may be away, for instance during a restart."""
UNKNOWN = ("no_such_job", "invalid_request")
NOBODY_ASKED = (
    "there is no review: none of what was waited for asks a reviewer whose answer is awaited"
    " (see comenq reviewers)"
)
OVER = ("posted", "skipped", "failed", "deleted")
NO_STATUS: Mapping[str, Any] = {"paused": None, "accounts": ()}
"""What is known without an answer: an earlier daemon does not tell."""


class JobWaiter:
    """Waits for jobs, prints the result of each, and shows what it waits for.

    Args:
        socket: the daemon's socket, if one is given.
        awaited: the jobs by id or by its prefix, with what is known of each.
        as_json: print the jobs as JSON instead of their URLs.
        until: `POSTED`, or `ANSWERED` for the answers to those that ask for a review.
    """

    def __init__(
        self,
        socket: str | None,
        awaited: Mapping[str, Job | None],
        *,
        as_json: bool,
        until: str = POSTED,
    ) -> None:
        self._until = until
        self._has_review = False
        self._socket = socket
        self._as_json = as_json
        self._awaited = dict(awaited)
        self._printed: set[str] = set()
        self._status = DONE
        self._progress = Progress(0)
        self._is_announced = False
        self._answered = time.monotonic()
        self._free = self._answered
        """When nothing was seen to keep the queue, the last time."""

    def wait(self, seconds: float | None = None) -> int:
        """Wait until all jobs are over, or only a person can get them posted.

        Args:
            seconds: how long at most.

        Returns:
            The exit status. Where a comment stays queued, it is `TIMED_OUT` or `NEEDS_PERSON`.

        Raises:
            DaemonError: the daemon cannot be reached, and has never told of the jobs.
        """
        try:
            status = self._wait(seconds)
        finally:
            self._progress.clear()
        if status == DONE and self._until == ANSWERED and not self._has_review:
            print_error(NOBODY_ASKED)
            return FAILED
        return status

    def _wait(self, seconds: float | None) -> int:
        end = math.inf if seconds is None else time.monotonic() + seconds
        pause = SHORTEST
        for job in [job for job in self._awaited.values() if job and self._is_over(job)]:
            # Its key was used before; the daemon may know no more of it than it has said already.
            self._end(job)
        self._ask()
        while self._awaited:
            pause = min(next_pause(self._seconds_left(), pause), end - time.monotonic())
            if pause <= 0:
                self._give_up(TIMED_OUT, self._timed_out())
                break
            self._sleep(pause)
            self._ask()
        return self._status

    def _seconds_left(self) -> float | None:
        times = [job.get("eta_seconds") for job in self._awaited.values() if job]
        return min((seconds for seconds in times if seconds is not None), default=None)

    def _timed_out(self) -> Reasons:
        return {
            word: f"timed out, the job is still {job['state'] if job else 'there'}"
            for word, job in self._awaited.items()
        }

    def _sleep(self, seconds: float) -> None:
        """Sleep; meanwhile, the seconds run down on a terminal."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._show()
            time.sleep(min(1.0, left))

    def _show(self) -> None:
        jobs = [job for job in self._awaited.values() if job]
        passed = time.monotonic() - self._answered
        if self._progress.is_wanted and jobs:
            line = waiting_line(jobs, lambda seconds: countdown(seconds - passed))
            self._progress.show(0, line)
        elif jobs and not self._is_announced:
            self._is_announced = True
            print_error(waiting_line(jobs, lambda seconds: when(seconds, time.time())))

    def _ask(self) -> None:
        """Ask about the jobs; a daemon that is away may come back."""
        words = next_asked(self._awaited)
        requests = [*({"op": "show", "id": word} for word in words), {"op": "status"}]
        try:
            with connect(candidates(self._socket, os.environ)) as daemon:
                *replies, last = daemon.ask_many(requests) if words else [{}]
            for word, reply in zip(words, replies, strict=True):
                self._update(word, reply)
        except DaemonError as error:
            self._miss(error)
        else:
            self._answered = time.monotonic()
            self._stop_if_needed(last.get("status", NO_STATUS))

    def _miss(self, error: DaemonError) -> None:
        if None in self._awaited.values():
            raise error
        if time.monotonic() - self._answered >= PATIENCE_SECONDS:
            self._progress.clear()
            print_error(error)
            self._give_up(NEEDS_PERSON, dict.fromkeys(self._awaited, "stays queued"))

    def _update(self, word: str, reply: Reply) -> None:
        """Record what the reply says of a job."""
        if reply.get("code") in UNKNOWN:
            told = reply["message"].removeprefix(f"{word}: ")
            text = "was deleted" if self._awaited[word] else printable(told)
            self._leave(word, FAILED, text)
            return
        job = accepted(reply)["entry"]
        # Those that were not asked about for longest are first.
        del self._awaited[word]
        self._awaited[job["id"]] = job
        if self._is_over(job):
            self._end(job)

    def _is_over(self, job: Job) -> bool:
        return job["state"] in OVER and (self._until == POSTED or is_answered(job))

    def _stop_if_needed(self, status: Mapping[str, Any]) -> None:
        """Give up the jobs that need a person: at once, or if what keeps the queue lasts."""
        hindered = hindrance(status)
        if not hindered:
            self._free = self._answered
        lasts = self._answered - self._free >= PATIENCE_SECONDS
        kept = f"stays queued: {hindered}" if hindered and lasts else ""
        known = {word: job for word, job in self._awaited.items() if job}
        found = {word: needs(job, status) or kept for word, job in known.items()}
        self._give_up(NEEDS_PERSON, {word: reason for word, reason in found.items() if reason})

    def _give_up(self, status: int, reasons: Reasons) -> None:
        """Wait no longer for these jobs; a reason that they share is printed once."""
        for reason in dict.fromkeys(reasons.values()):
            first, *others = [word for word, its in reasons.items() if its == reason]
            for word in others:
                self._leave(word, status)
            more = f" and {len(others):,} more" if others else ""
            self._leave(first, status, reason, more)

    def _end(self, job: Job) -> None:
        """Print what became of a job that is over."""
        url = self._url(job)
        if url:
            self._has_review |= review_of(job) is not None
            if not (self._as_json or job["id"] in self._printed):
                self._progress.clear()
                print_done(url)
            self._leave(job["id"], DONE)
        else:
            # A deleted job has a reason only if one was given before.
            state = "" if job["state"] == "posted" else job["state"]
            text = ": ".join(filter(None, [state, printable(job["reason"])]))
            self._leave(job["id"], FAILED, "" if self._as_json else text)

    def _url(self, job: Job) -> str:
        """Where people read what was waited for; ``""`` if it did not come."""
        review = review_of(job)
        is_posted = job["state"] == "posted"
        if self._until == POSTED or review is None:
            return str(job["url"]) if is_posted else ""
        return str(review["url"] or job["url"]) if review["state"] == "reviewed" else ""

    def _leave(self, word: str, status: int, text: str = "", more: str = "") -> None:
        """Wait no longer for a job, and print what is to be said of it, once."""
        job = self._awaited.pop(word)
        self._status = max(self._status, status)
        self._progress.clear()
        job_id = job["id"] if job else word
        if job_id in self._printed:
            return
        self._printed.add(job_id)
        if job and self._as_json:
            print_done(as_json(job_json(job)))
        if text:
            print_error(f"{job_id}{more}: {text}")
