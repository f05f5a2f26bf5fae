"""What the tools return of what the daemon replies.

Ids and states, and no text of a comment that nobody asked for: what is read here, a model reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from comenq_core.presentation.formatting import job_json

__all__ = ["comment", "review", "status"]

Json = Mapping[str, Any]

_ALWAYS = ("id", "owner", "repo", "pr_number", "state")
_IF_KNOWN = (
    *("in_reply_to", "position", "eta_seconds", "trouble", "not_before"),
    *("url", "reason", "key"),
)
_CLOSED = ("held", "blocked")
_REVIEW = (
    *("reviewer", "state", "reason", "url", "until", "guessed", "triggers", "asked"),
    "next_poll",
)


def comment(job: Json, *more: str) -> dict[str, Any]:
    """A comment.

    Args:
        job: as in the protocol.
        more: further members of it that are wanted.
    """
    shown = job_json(job)
    told = {
        **{name: shown.get(name) for name in (*_IF_KNOWN, *more)},
        "review": (job.get("review") or {}).get("state"),
        "via": job["origin"].get("via"),
    }
    if job["state"] != "waiting":
        del told["eta_seconds"]
    return {name: shown[name] for name in _ALWAYS} | _known(told)


def review(job: Json) -> dict[str, Any]:
    """The review that a job asks for."""
    told = job["review"]
    return _known({"id": job["id"], **{name: told.get(name) for name in _REVIEW}})


def status(told: Json) -> dict[str, Any]:
    """The state of the queue, without the jobs of repositories that may not be named."""
    paused = told["paused"]
    waits = [
        _known(
            {
                "account": account["name"],
                "reason": account["reason"],
                "seconds": None if account["post_in"] is None else ceil(account["post_in"]),
            }
        )
        for account in told["accounts"]
        if account["reason"]
    ]
    stalled = [f"the {part} makes no progress" for part in told["stalled"]]
    nobody = ["no worker runs, so that nothing is posted"] if told["working"] is False else []
    worker = told["worker"] or {}
    broken = [worker["fault"]] if worker.get("fault") else []
    return _known(
        {
            "counts": told["counts"],
            "paused": paused is not None,
            "pause_reason": paused and paused["reason"],
            "eta_seconds": told.get("eta_seconds"),
            "waits": waits,
            "faults": [*told["faults"], *stalled, *nobody, *broken],
            "reviewers": told.get("reviewers", []),
            "host": told.get("host"),
            "version": told["version"],
            "lanes": [_lane(one) for one in told.get("lanes", ()) if one["state"] in _CLOSED],
        }
    )


def _lane(told: Json) -> dict[str, Any]:
    """A lane in which nothing is posted before a time, or before a person opens it."""
    opens_in = told["opens_in"]
    return _known(
        {
            **{name: told[name] for name in ("reviewer", "scope", "state", "reason")},
            "seconds": None if opens_in is None else ceil(opens_in),
        }
    )


def _known(members: Json) -> dict[str, Any]:
    """Those members of which something is known."""
    return {name: value for name, value in members.items() if value is not None and value != ""}
