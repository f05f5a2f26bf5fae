"""``comenq put --dry-run``: shows what would be queued, where, and when it would be posted."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from math import ceil
from typing import Any

from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.exit_status import DONE, UNREACHABLE
from comenq_core.cli.output import print_error, print_json, print_result
from comenq_core.errors import DaemonUnreachable, InvalidRequest
from comenq_core.model import CommentRequest
from comenq_core.model.serving import elsewhere
from comenq_core.presentation.formatting import local, ordinal, target, when
from comenq_core.text import legible, printable
from comenq_core.wire.codec import from_json

__all__ = ["show"]

_TEXTS = ("host", "key", "account")
_TIMES = ("not_before", "not_after")
_CHOICES = {
    "if_open": "skipped if the pull request is no longer open",
    "hold": "kept back until somebody releases it",
    "replace": "takes the place of what waits under its key",
}


def show(args: Namespace | PlainArgs, message: dict[str, Any]) -> int:
    """Show what a ``put`` would do; exit status 3 means that no daemon answers.

    Raises:
        InvalidRequest: the daemon would refuse the comment.
        DaemonError: the daemon does not tell its status.
    """
    request = message.get("request", message)
    asked = from_json(CommentRequest, request)
    try:
        status = ask(args, op="status")["status"]
    except DaemonUnreachable as error:
        _print(args, message, {})
        print_error(f"when it would be posted is not known: {error}")
        return UNREACHABLE
    if reason := elsewhere(asked, status.get("host", "")):
        raise InvalidRequest("host", reason)
    _print(args, message, _place(message, status, time.time()))
    return DONE


def _place(message: dict[str, Any], status: dict[str, Any], now: float) -> dict[str, Any]:
    """The place in the queue, and the seconds until then; none where that is not known.

    An older daemon tells nothing of it. What is held has no time yet, what replaces a comment has
    the place of that one, and replies have a pace of their own.
    """
    has_no_time = message.get("hold") or message.get("replace")
    is_reply = "in_reply_to" in message.get("request", message)
    if "eta_seconds" not in status or has_no_time or is_reply:
        return {}
    position, seconds = status["counts"]["waiting"] + 1, status["eta_seconds"]
    if message.get("ahead") and position > 1:
        position, seconds = 1, status["next"]["eta_seconds"]
    not_before = message.get("request", message).get("not_before")
    if not_before and seconds is not None:
        seconds = max(seconds, ceil(datetime.fromisoformat(not_before).timestamp() - now))
    return {"host": status["host"], "position": position, "eta_seconds": seconds}


def _print(args: Namespace | PlainArgs, message: dict[str, Any], place: dict[str, Any]) -> None:
    request = message.get("request", message)
    if args.json:
        print_json([{"dry_run": True, **place, "request": request}])
        return
    print_result(_headline(request, place), *_facts({**message, **place, **request}), "")
    lines = request["body"].removesuffix("\n").split("\n")
    print_result(*(legible(line.removesuffix("\r")) for line in lines))


def _headline(request: dict[str, Any], place: dict[str, Any]) -> str:
    parts = [f"would queue {target(request)}"]
    if place:
        parts.append(f"{ordinal(place['position'])} in queue")
        parts.append(when(place["eta_seconds"], time.time()))
    return " · ".join(parts)


def _facts(told: dict[str, Any]) -> Iterator[str]:
    """What else the daemon would be told."""
    facts = {name: told.get(name) for name in _TEXTS}
    for name in _TIMES:
        if name in told:
            facts[name.replace("_", " ")] = local(told[name])
    facts |= {name: meaning for name, meaning in _CHOICES.items() if told.get(name)}
    yield from (f"{name + ':':11} {printable(text)}" for name, text in facts.items() if text)
