"""The status as metrics. Where the Rust comenqd has a metric, it has the same name here.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from comenq_core.presentation.formatting import QUEUED, account_cause
from comenq_core.presentation.status_text import TROUBLES, WAITS, troubles

__all__ = ["MEANINGS", "metrics"]

Samples: TypeAlias = list[tuple[Mapping[str, str], float]]

MEANINGS: Mapping[str, str] = {
    "comenqd_up": "Whether the daemon answers.",
    "comenqd_worker_up": "Whether a worker runs.",
    "comenqd_trouble": "Whether something of this kind needs a person.",
    "comenqd_queue_entries": "Comments in the queue: waiting, being posted, unconfirmed or held.",
    "comenqd_jobs": "Jobs by state; posted and failed jobs count while they are kept.",
    "comenqd_paused": "Whether an operator has paused the queue.",
    "comenqd_next_post_seconds": "Seconds until the next comment is posted, if one is waiting.",
    "comenqd_account_wait_seconds": "Seconds until the account may post.",
    "comenqd_account_refused": "Whether the account's credential is refused.",
    "comenqd_account_backs_off": "Whether the account backs off for this cause.",
    "comenqd_capacity_remaining": "How much of a resource is left for more comments.",
    "comenqd_capacity_minimum": "The amount of a resource below which comments are refused.",
    "comenqd_github_posts_total": "Posts by outcome; kept with the account's pacing record.",
    "comenqd_reviews_awaited": "Posted triggers whose answers are awaited.",
    "comenqd_lane_closed": "Whether a reviewer's lane is closed for this reason.",
    "comenqd_lane_wait_seconds": "Seconds until the lane opens, where that is known.",
    "comenqd_lane_triggers_total": "Triggers by what came of them, once known; kept with the lane's"
    " record.",
    "comenqd_requests_total": "Requests by operation and outcome, since the listener started.",
}
"""Every metric with its help. Names that end with ``_total`` are counters, others gauges."""


def metrics(status: dict[str, Any] | None) -> Iterator[str]:
    """The metrics as lines.

    Args:
        status: as in the protocol; ``None`` while no daemon answers.
    """
    samples: dict[str, Samples] = {"comenqd_up": [({}, status is not None)]}
    samples |= _samples(status) if status else {}
    for name, values in samples.items():
        if values:
            yield f"# HELP {name} {MEANINGS[name]}"
            yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
        for labels, value in values:
            yield f"{name}{_labels(labels)} {value:.15g}"


def _samples(status: dict[str, Any]) -> dict[str, Samples]:
    counts, accounts, first = status["counts"], status["accounts"], status["next"]
    kinds = {trouble.kind for trouble in troubles(status)}
    pending = sum(counts.get(name, 0) for name in QUEUED)
    return {
        "comenqd_worker_up": _known(status["working"]),
        "comenqd_trouble": [({"kind": kind}, kind in kinds) for kind in TROUBLES],
        "comenqd_queue_entries": [({}, pending)],
        "comenqd_jobs": [
            ({"state": name}, number) for name, number in counts.items() if name != "unseen"
        ],
        "comenqd_paused": [({}, status["paused"] is not None)],
        "comenqd_next_post_seconds": _known(first and first["eta_seconds"]),
        "comenqd_account_wait_seconds": [
            ({"account": account["name"]}, account["post_in"])
            for account in accounts
            if account["post_in"] is not None
        ],
        "comenqd_account_refused": [
            ({"account": account["name"]}, account_cause(account) == "unauthorized")
            for account in accounts
        ],
        "comenqd_account_backs_off": [
            ({"account": account["name"], "cause": cause}, account_cause(account) == cause)
            for account in accounts
            for cause in WAITS
            if cause
        ],
        "comenqd_capacity_remaining": [
            ({"resource": one["resource"]}, one["remaining"]) for one in status["capacity"]
        ],
        "comenqd_capacity_minimum": [
            ({"resource": one["resource"]}, one["minimum"]) for one in status["capacity"]
        ],
        "comenqd_github_posts_total": [
            ({"account": account["name"], "outcome": outcome}, number)
            for account in accounts
            for outcome, number in account["posts"].items()
        ],
        **_lanes(status),
        "comenqd_requests_total": [
            ({"operation": request["operation"], "outcome": request["outcome"]}, request["count"])
            for request in status["requests"]
        ],
    }


def _lanes(status: dict[str, Any]) -> dict[str, Samples]:
    lanes = [
        ({"reviewer": lane["reviewer"], "scope": lane["scope"]}, lane)
        for lane in status.get("lanes", ())
    ]
    reasons = ("held", "blocked", "asked")
    return {
        "comenqd_reviews_awaited": [({}, status["awaiting"])] if status.get("reviewers") else [],
        "comenqd_lane_closed": [
            ({**labels, "reason": reason}, lane["state"] == reason)
            for labels, lane in lanes
            for reason in reasons
        ],
        "comenqd_lane_wait_seconds": [
            (labels, lane["opens_in"]) for labels, lane in lanes if lane["opens_in"] is not None
        ],
        "comenqd_lane_triggers_total": [
            ({**labels, "outcome": outcome}, number)
            for labels, lane in lanes
            for outcome, number in _outcomes(lane).items()
        ],
    }


def _outcomes(lane: dict[str, Any]) -> Mapping[str, int]:
    reviewed, refused = lane["reviewed"], lane["refused"]
    return {
        "reviewed": reviewed,
        "refused": refused,
        "other": lane["triggers"] - reviewed - refused,
    }


def _known(value: float | None) -> Samples:
    return [] if value is None else [({}, value)]


def _labels(labels: Mapping[str, str]) -> str:
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    pairs = [f'{name}="{text.translate(escapes)}"' for name, text in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""
