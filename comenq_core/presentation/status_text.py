"""The daemon's status in words. Pure, but for the local time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from comenq_core import __version__
from comenq_core.presentation.advice import command, service_command
from comenq_core.presentation.formatting import ENDS, account_cause, amount, local, target
from comenq_core.presentation.review_text import lane_name, lane_state

__all__ = [
    "COLOURS",
    "SHOWN",
    "TROUBLES",
    "Trouble",
    "account_advice",
    "facts",
    "hindrances",
    "troubles",
]

Status = Mapping[str, Any]
Jobs = Sequence[Mapping[str, Any]]
Until = Callable[[float], str]

COLOURS = {"trouble": "red", "paused": "yellow"}
"""The facts that are painted."""

TROUBLES: Mapping[str, str] = {
    "paused": "An operator has paused the queue.",
    "no_worker": "No worker runs.",
    "stalled": "A part makes no progress; it is restarted.",
    "fault": "The store or a plugin fails, again and again.",
    "overdue": "A comment is not posted although nothing keeps it.",
    "clock": "Nothing tells the daemon which boot of the machine this is.",
    "account": "An account waits for a person.",
    "reviewer": "A reviewer's lane is blocked until a person opens it.",
    "capacity": "There is no room for more comments.",
    "unconfirmed": "A person has to say whether comments are posted.",
    "failed": "Comments have failed.",
    "outdated": "The daemon runs an older version than the one that is installed.",
}
"""The kinds of trouble: stable words, and what they mean."""


class Trouble(NamedTuple):
    """Something that needs a person.

    Args:
        kind: a key of `TROUBLES`.
        text: what it is, and what to do.
    """

    kind: str
    text: str


SHOWN = 3
"""How many unconfirmed jobs are named."""

WORKER = {None: "cannot be seen from here", True: "runs", False: "does not run"}

WAITS: Mapping[str, str] = {
    "": "may post {}",
    "rate_limited": "rate-limited, may post {}",
    "unreachable": "unreachable forge, tries again {}",
    "outage": "outage of the forge, asks it again {}",
    "unauthorized": "its credential is refused, asks again {}",
    "blocked": "blocked, asks again {}",
    "refusals": "refused several times in a row, tries one comment {}",
}
"""What an account waits for, by its ``cause``; a later daemon may know more of them."""

ENDED_BY_FLUSH = ("unreachable", "outage")

NEEDS_A_PERSON: Mapping[str, str] = {
    "unauthorized": "the credential of account {} is refused: give comenqd a valid one",
    "blocked": "account {} is blocked, whatever the comment: see its reason, mend the cause,"
    " then {resume}",
    "refusals": "account {} is refused in words that comenq does not know: see its reason, mend"
    " the cause, then {resume}",
}
"""The causes that do not pass by themselves, and what to do."""

BOOT_UNKNOWN = (
    "nothing tells the daemon which boot of the machine this is, so after a restart a cooldown may"
    " last longer: comenqd check says what to do"
)


def facts(status: Status, until: Until, unconfirmed: Jobs = ()) -> Iterator[tuple[str, str]]:
    """The lines of the status, as names and texts.

    Args:
        status: as in the protocol.
        until: puts into words a moment that is so many seconds away.
        unconfirmed: the first unconfirmed jobs, as in the protocol.
    """
    counts = status["counts"]
    states = [(name, number) for name, number in counts.items() if name != "unseen"]
    yield "queue", ", ".join(f"{number:,} {name}" for name, number in states)
    yield (
        "daemon",
        f"the listener answers; the worker {WORKER[status.get('working')]}{_doing(status)}",
    )
    if paused := status["paused"]:
        since = f"since {local(paused['since'])}: {paused['reason']}"
        yield "paused", f"{since} (resume it with {command('resume')})"
    yield "next", _next(status, until)
    for account in status["accounts"]:
        yield "account", _account(account, until, _fault(status))
    if not status["accounts"]:
        yield "account", "none has posted yet"
    for lane in status.get("lanes", ()):
        if lane["state"] != "open" or lane["jobs"]:
            yield "reviewer", f"{lane_name(lane)}: {lane_state(lane, until)}"
    if capacity := status.get("capacity"):
        yield "capacity", ", ".join(map(_capacity, capacity))
    for trouble in troubles(status, unconfirmed):
        yield "trouble", trouble.text


def troubles(status: Status, unconfirmed: Jobs = ()) -> Iterator[Trouble]:
    """What needs a person, if anything does: what stops posting or the intake, and lost comments.

    Args:
        status: as in the protocol.
        unconfirmed: the first unconfirmed jobs, as in the protocol.
    """
    if status["paused"]:
        yield Trouble("paused", "the queue is paused")
    yield from hindrances(status)
    for fault in status.get("faults", ()):
        yield Trouble("fault", f"{fault}: see the daemon's log")
    if not status.get("boot_known", True):
        yield Trouble("clock", BOOT_UNKNOWN)
    accounts, fault = status["accounts"], _fault(status)
    names = [account["name"] for account in accounts if not _is_told(account, fault)]
    yield from (Trouble("account", advice) for advice in account_advice(status, names))
    for lane in status.get("lanes", ()):
        if lane["state"] == "blocked":
            yield Trouble("reviewer", f"the lane {lane_name(lane)} is {lane_state(lane, str)}")
    for one in status.get("capacity", ()):
        if one["remaining"] < one["minimum"]:
            text = f"too few {one['resource']} are left, so comments are refused"
            yield Trouble("capacity", text)
    yield from _lost(status["counts"], unconfirmed)
    yield from _outdated(status.get("version", __version__))


def _outdated(version: str) -> Iterator[Trouble]:
    if _numbers(version) < _numbers(__version__):
        text = f"the daemon still runs version {version}, and {__version__} is installed"
        yield Trouble("outdated", f"{text}: restart it with {service_command('restart')}")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", version)]


def account_advice(status: Status, names: Collection[str]) -> Sequence[str]:
    """What a person has to do for each of these accounts, if it waits for one."""
    fault = _fault(status)
    advice = (_advice(one, fault) for one in status["accounts"] if one["name"] in names)
    return list(filter(None, advice))


def _advice(account: Mapping[str, Any], fault: str) -> str:
    if _is_told(account, fault):
        return f"account {account['name']} cannot post: {account['reason']}"
    advice = NEEDS_A_PERSON.get(account_cause(account), "")
    return advice.format(account["name"], resume=command("resume"))


def _fault(status: Status) -> str:
    return (status.get("worker") or {}).get("fault") or ""


def _is_told(account: Mapping[str, Any], fault: str) -> bool:
    """Whether the worker's fault is that this account has no credential that can be used."""
    return bool(account["reason"]) and account["reason"] in fault


def hindrances(status: Status) -> Iterator[Trouble]:
    """What stops all posting and was no person's wish; some of it ends by itself.

    An older daemon tells of nothing but a missing worker.
    """
    worker = status.get("worker") or {}
    if status.get("working") is False:
        text = "no worker runs, so nothing is posted: see the daemon's log and comenqd ctl"
        yield Trouble("no_worker", text)
    elif status.get("stalled"):
        text = f"the worker makes no progress since {local(worker['since'])}: it is restarted"
        yield Trouble("stalled", f"{text}; if that does not help, see the daemon's log")
    if fault := _fault(status):
        yield Trouble("fault", f"the worker has a fault: {fault}")
    elif overdue := status.get("overdue"):
        text = f"{overdue} is due and not posted, and nothing that comenq knows of keeps it"
        yield Trouble("overdue", f"{text}: see the daemon's log and comenqd check")


def _lost(counts: Mapping[str, int], unconfirmed: Jobs) -> Iterator[Trouble]:
    """The comments that are not posted, or perhaps not, until a person has done something."""
    for job in unconfirmed:
        yield Trouble("unconfirmed", _unconfirmed(job))
    if (others := counts.get("unconfirmed", 0) - len(unconfirmed)) > 0:
        more = " more" if unconfirmed else ""
        text = f"{others:,}{more} unconfirmed: see them with {command('list --state unconfirmed')}"
        yield Trouble("unconfirmed", text)
    if failed := counts.get("unseen", counts.get("failed")):
        see = command("hist --failed")
        text = f"{failed:,} failed: see them with {see}, then retry or delete them"
        yield Trouble("failed", text)


def _doing(status: Status) -> str:
    """What the worker does for a comment now."""
    worker = status.get("worker")
    if not worker or not worker["job"]:
        return ""
    return f", {worker['doing']} {worker['job']} since {local(worker['since'])}"


def _unconfirmed(job: Mapping[str, Any]) -> str:
    since = f"since {local(job['attempts'][-1]['ended'])}" if job["attempts"] else "now"
    what = f"{job['id']} for {target(job)} is unconfirmed {since}: {job['reason']}"
    see = command(f"show {job['id']}")
    return f"{what} (see {see})"


def _next(status: Status, until: Until) -> str:
    first = status.get("next")
    if first is None:
        return "nothing waits"
    if first["eta_seconds"] is not None:
        return f"{first['id']}, {until(first['eta_seconds'])}"
    stopped = "no_worker" if status.get("working") is False else "account"
    return f"{first['id']}, once {ENDS['paused' if status['paused'] else stopped]}"


def _account(account: Mapping[str, Any], until: Until, fault: str) -> str:
    """An account; what the worker's fault says of it is left out."""
    name, login, cause = account["name"], account.get("login"), account_cause(account)
    who = f"{name} ({login})" if login and login != name else name
    if _is_told(account, fault):
        return f"{who}, cannot post"
    post_in = account["post_in"]
    # An older daemon has no time for an account whose credential is refused.
    wait = WAITS.get(cause, WAITS[""]).format("later" if post_in is None else until(post_in))
    reason = f": {account['reason']}" if account["reason"] else ""
    advice = f" (at once with {command('flush')})" if cause in ENDED_BY_FLUSH else ""
    return f"{who}, {wait}{advice}{reason}"


def _capacity(one: dict[str, Any]) -> str:
    unit = one["resource"]
    remaining = amount(one["remaining"], unit)
    minimum = amount(one["minimum"], unit).removesuffix(f" {unit}")
    return f"{remaining} (minimum {minimum})" if one["minimum"] > 1 else remaining
