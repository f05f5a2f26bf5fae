"""Waits until the daemon has found a comment's pull request, for ``comenq put --verify``."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from comenq_core.cli.comenq.awaited import next_pause
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.comenq.wait import read_timeout
from comenq_core.cli.exit_status import DONE, FAILED, NEEDS_PERSON, TIMED_OUT
from comenq_core.cli.output import print_error
from comenq_core.errors import ComenqError, DaemonError
from comenq_core.text import printable

__all__ = ["await_verified", "check_daemon"]

Job = dict[str, Any]

TIMEOUT_SECONDS = 120.0
"""By then, the daemon has asked about a new comment, unless others or a post come first."""
_FIRST_PAUSE = 0.2


def check_daemon(args: Namespace | PlainArgs) -> None:
    """Make sure that waiting is of use, before anything is queued.

    Raises:
        DaemonUnreachable: no daemon answers.
        ComenqError: the daemon does not look at pull requests early.
    """
    if not ask(args, op="status")["status"].get("verifies_targets"):
        raise ComenqError(
            "--verify: the daemon does not look at pull requests before it posts: set"
            " verify_targets = true in its configuration, or leave the option out",
        )


def await_verified(args: Namespace | PlainArgs, job: Job) -> int:
    """Wait until it is known whether a job's pull request is there, and tell.

    Returns:
        The exit status: `FAILED` if it is not there, `TIMED_OUT` or `NEEDS_PERSON` if the comment
        is queued and nobody knows.
    """
    seconds = read_timeout(args.timeout)
    end = time.monotonic() + (TIMEOUT_SECONDS if seconds is None else seconds)
    pause = _FIRST_PAUSE
    while (found := _finding(job)) is None:
        pause = min(next_pause(None, pause), end - time.monotonic())
        if pause <= 0:
            found = TIMED_OUT, "stays queued: its pull request was not looked at in time"
            break
        time.sleep(pause)
        try:
            job = ask(args, op="show", id=job["id"])["entry"]
        except DaemonError as error:
            found = NEEDS_PERSON, f"stays queued: {error}"
            break
    status, text = found
    print_error(f"{job['id']}: {printable(text)}")
    return status


def _finding(job: Job) -> tuple[int, str] | None:
    """The exit status and what is known of a job's pull request; ``None`` while nothing is.

    Args:
        job: as in the protocol; the reply to a ``put`` has no attempts.
    """
    attempts = job.get("attempts", ())
    if job["state"] == "failed":
        return FAILED, f"failed: {job['reason']}"
    for attempt in attempts:
        if attempt["outcome"] == "verified":
            return DONE, f"verified: {attempt['message']}"
    if attempts or job["state"] not in {"waiting", "held", "posting"}:
        return DONE, f"is {job['state']}: its pull request is not looked at any more"
    return None
