"""The daemon's status in words. Pure, but for the local time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from comenq_core.cli.formatting import amount, local

__all__ = ["COLOURS", "facts", "troubles"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Status = dict[str, Any]
    Until = Callable[[float], str]

COLOURS = {"trouble": "red", "paused": "yellow"}
"""The facts that are painted."""

UNKNOWN = "cannot be seen from here"


def facts(status: Status, until: Until) -> Iterator[tuple[str, str]]:
    """The lines of the status, as names and texts.

    Args:
        status: as in the protocol.
        until: puts into words a moment that is so many seconds away.
    """
    counts = status["counts"]
    yield "queue", ", ".join(f"{number:,} {name}" for name, number in counts.items())
    yield "daemon", f"the listener answers; the worker {_worker(status.get('working'))}"
    if paused := status["paused"]:
        since = f"since {local(paused['since'])}: {paused['reason']}"
        yield "paused", f"{since} (resume it with comenq resume)"
    yield "next", _next(status.get("next"), until)
    for account in status["accounts"]:
        reason = f": {account['reason']}" if account["reason"] else ""
        yield "account", f"{account['name']}, {_may_post(account['post_in'], until)}{reason}"
    if not status["accounts"]:
        yield "account", "none has posted yet"
    if capacity := status.get("capacity"):
        yield "capacity", ", ".join(map(_capacity, capacity))
    for trouble in troubles(status):
        yield "trouble", trouble


def troubles(status: Status) -> Iterator[str]:
    """The reasons why comments are not posted, or not accepted, if there are any."""
    if status["paused"]:
        yield "the queue is paused"
    if status.get("working") is False:
        yield "no worker runs, so nothing is posted: see the daemon's log and comenqd ctl"
    accounts = status["accounts"]
    if accounts and all(account["post_in"] is None for account in accounts):
        yield "the credential is refused, so nothing is posted: give comenqd a valid one"
    for one in status.get("capacity", ()):
        if one["remaining"] < one["minimum"]:
            yield f"too few {one['resource']} are left, so comments are refused"


def _worker(working: bool | None) -> str:  # noqa: FBT001 -- a value of the protocol
    if working is None:
        return UNKNOWN
    return "runs" if working else "does not run"


def _next(first: dict[str, Any] | None, until: Until) -> str:
    if first is None:
        return "nothing waits"
    seconds = first["eta_seconds"]
    return f"{first['id']}, {'once the queue is resumed' if seconds is None else until(seconds)}"


def _may_post(post_in: float | None, until: Until) -> str:
    if post_in is None:
        return "its credential is refused"
    return f"may post {until(post_in)}"


def _capacity(one: dict[str, Any]) -> str:
    unit = one["resource"]
    remaining = amount(one["remaining"], unit)
    minimum = amount(one["minimum"], unit).removesuffix(f" {unit}")
    return f"{remaining} (minimum {minimum})" if one["minimum"] > 1 else remaining
