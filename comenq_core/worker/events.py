"""What the worker logs of each attempt, and of why nothing is posted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from comenq_core.model import (
    Attempt,
    Blocked,
    Cause,
    Checking,
    Demand,
    Done,
    Failed,
    Instant,
    Job,
    Outcome,
    Pacing,
    Requeued,
    RetryAt,
    Throttled,
    Unauthorized,
    Unavailable,
    Unconfirmed,
    Unknown,
    Verdict,
)
from comenq_core.model.transitions import VERIFIED
from comenq_core.policy.backoff import BACKOFF_LIMIT
from comenq_core.policy.pacing import PacingPolicy, until_post, until_request
from comenq_core.process.log import Log
from comenq_core.wire.rfc3339 import format_time

__all__ = ["report_answer", "report_attempt", "report_backoff"]

JOB_KEYS: Mapping[type[Verdict], str] = {
    Done: "job_done",
    RetryAt: "job_retry_at",
    Requeued: "job_requeued",
    Checking: "job_checking",
    Failed: "job_failed",
    Unconfirmed: "job_unconfirmed",
}
"""The log's key for what became of a job."""

log = Log("worker")


def report_attempt(job: Job, verdict: Verdict, attempt: Attempt) -> None:
    """Log what became of a job after an attempt or a look-up."""
    report = log.warning if isinstance(verdict, Failed | RetryAt | Unconfirmed) else log.info
    if attempt.outcome == VERIFIED:
        log.info("verified", "The pull request of a comment is there.", job=job.id,
                 target=job.asked.place, found=attempt.message)  # fmt: skip
        return
    report(
        JOB_KEYS[type(verdict)],
        "An attempt has ended.",
        job=job.id,
        target=job.asked.place,
        outcome=attempt.outcome,
        status=attempt.status,
        reason=verdict.reason or None,
    )


def report_backoff(outcome: Outcome, record: Pacing, now: Instant, policy: PacingPolicy) -> None:
    """Log until when an account posts nothing, if a failure is the reason.

    Args:
        outcome: what the forge said.
        record: the account's record, ``outcome`` included.
        now: when it said so.
    """
    until = format_time(now.wall + timedelta(seconds=until_post(record, now, policy)))
    details = {"account": record.account, "until": until, "reason": outcome.message}
    if record.cause == Cause.OUTAGE:
        log.warning("outage", "The forge answers no post: it is asked a question before the next"
                    " one.", **details)  # fmt: skip
    elif record.cause == Cause.REFUSALS:
        log.error("refusals", "Comments in a row are refused in the same words: the account waits,"
                  " and one of them is tried an hour.", account=record.account, until=until,
                  reason=record.reason)  # fmt: skip
    match outcome:
        case Blocked():
            log.error("blocked", "Every comment of an account would be refused: it waits, and asks"
                      " once an hour whether that has passed.", **details)  # fmt: skip
        case Throttled() | Unknown(wait=timedelta()) if until_request(record, now) >= BACKOFF_LIMIT:
            log.error("throttled", "An account is rate-limited for a day or more, which is hardly"
                      " intended: find out why.", **details)  # fmt: skip
        case Throttled() | Unknown(wait=timedelta()):
            log.warning("throttled", "An account is rate-limited until the time shown.", **details)
        case Unavailable():
            log.warning("unavailable", "The forge cannot be reached; the job is attempted again.",
                        **details)  # fmt: skip
        case Unauthorized():
            log.error("unauthorized", "The forge rejects an account's credential: the account"
                      " posts nothing until it has another, and asks once an hour whether this"
                      " one is accepted.", **details)  # fmt: skip


def report_answer(answer: Demand | None, record: Pacing) -> None:
    """Log what the forge answers to the question whether what stops an account has passed."""
    details = {"account": record.account, "cause": record.cause}
    if answer is None:
        log.info("passed", "What stopped an account has passed.", **details)
    else:
        log.warning("still_stopped", "What stops an account has not passed; it asks again later.",
                    **details, reason=answer.message)  # fmt: skip
