"""What is known of the jobs that a command waits for. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from comenq_core.presentation.advice import command
from comenq_core.presentation.formatting import ENDS, local, ordinal, target
from comenq_core.presentation.review_text import review_line, review_of
from comenq_core.presentation.status_text import account_advice, hindrances

__all__ = ["SHORTEST", "hindrance", "needs", "next_asked", "next_pause", "waiting_line"]

Job = dict[str, Any]
Status = Mapping[str, Any]

SHORTEST, LONGEST = 0.2, 5.0
"""Limits of the pause between two requests, in seconds."""
AT_ONCE = 50
"""So many jobs that are posted next are asked about each time, and as many others in turn."""
IN_QUEUE = ("waiting", "checking")


def next_pause(seconds_left: float | None, before: float) -> float:
    """Seconds until the next request: a quarter of the time that is left, within limits.

    Args:
        seconds_left: until the first of the jobs is posted; ``None`` if unknown.
        before: the last pause. If no time is left, or it is unknown, the next one is longer.
    """
    wanted = seconds_left / 4 if seconds_left else 1.5 * before
    return min(LONGEST, max(SHORTEST, wanted))


def next_asked(awaited: Mapping[str, Job | None]) -> Collection[str]:
    """Which jobs to ask about: those that are posted next, and those not asked about for longest.

    Args:
        awaited: the jobs; those not asked about for longest are first.
    """
    soonest = sorted(awaited, key=lambda word: _seconds(awaited[word]))[:AT_ONCE]
    return dict.fromkeys([*soonest, *list(awaited)[:AT_ONCE]])


def needs(job: Job, status: Status) -> str:
    """Why only a person can get a job posted, and how; ``""`` while that is not so.

    Args:
        job, status: as in the protocol.
    """
    job_id, state = job["id"], job["state"]
    if state == "held":
        return f"held: to let it be posted: {command(f'release {job_id}')}"
    if state == "unconfirmed":
        return f"unconfirmed: {job['reason']} (see {command(f'show {job_id}')})"
    if state not in IN_QUEUE:
        return ""
    review = review_of(job)
    if review and review["state"] == "blocked":
        release = command(f"reviewers release {review['reviewer']}")
        said = f": {review['reason']}" if review["reason"] else ""
        return f"stays queued: {review['reviewer']} is blocked{said} (open its lane with {release})"
    if paused := status["paused"]:
        since = local(paused["since"])
        return (
            f"stays queued: the queue is paused since {since}: {paused['reason']}"
            f" (resume it with {command('resume')})"
        )
    advice = account_advice(status, _accounts(job, status))
    return f"stays queued: {'; '.join(advice)}" if advice else ""


def _accounts(job: Job, status: Status) -> Collection[str]:
    """The accounts without which a job gets no further."""
    if job["state"] == "checking":
        # Only the account that attempted it can find its comment.
        return [attempt["account"] for attempt in job["attempts"]][-1:]
    is_stuck = job.get("trouble", "account") == "account" and job["eta_seconds"] is None
    return [account["name"] for account in status["accounts"]] if is_stuck else []


def hindrance(status: Status) -> str:
    """What keeps the whole queue, and is for a person if it lasts; ``""`` if nothing does.

    A fault of the worker need not: a command that it runs after a post may have failed.
    """
    kept = status.get("overdue") is not None
    found = (trouble for trouble in hindrances(status) if kept or trouble.kind != "fault")
    return next((trouble.text for trouble in found), "")


def waiting_line(jobs: Collection[Job], until: Callable[[float], str]) -> str:
    """What is waited for, in one line.

    Args:
        jobs: at least one.
        until: puts into words a moment that is so many seconds away.
    """
    job = min(jobs, key=_seconds)
    what = f"{job['id']} · {target(job)} · {_place(job, until)}"
    return f"waiting for {what}" if len(jobs) == 1 else f"waiting for {len(jobs):,} · next {what}"


def _place(job: Job, until: Callable[[float], str]) -> str:
    review = review_line(job, time.time())
    if job["state"] != "waiting":
        return f"{job['state']}; {review}" if review else str(job["state"])
    if review:
        return f"{review}, then it asks"
    seconds = job["eta_seconds"]
    end = ENDS.get(job.get("trouble") or "", "it can be posted")
    moment = f"once {end}" if seconds is None else until(seconds)
    return f"{ordinal(job['position'] + 1)} in queue · {moment}"


def _seconds(job: Job | None) -> float:
    seconds = job.get("eta_seconds") if job else None  # a job of the history has none
    return float("inf") if seconds is None else seconds
