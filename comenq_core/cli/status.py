"""`comenq status`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from comenq_core.cli.exits import DONE, FAILED
from comenq_core.cli.output import emit, emit_json
from comenq_core.cli.talk import add_json, ask
from comenq_core.cli.words import local, when
from comenq_core.text import printable

__all__ = ["configure", "run"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def configure(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = (
        "exit status: 0 the queue goes on, 1 it is paused or its credential is refused,\n"
        "             3 the daemon cannot be reached\n"
    )
    add_json(parser, "it")


def run(args: Namespace) -> int:
    """Show the queue on one screen."""
    status = ask(args, op="status")["status"]
    if args.json:
        emit_json([status])
    else:
        emit(*(f"{name + ':':10} {printable(value)}" for name, value in _facts(status)))
    return DONE if _goes_on(status) else FAILED


def _goes_on(status: dict[str, Any]) -> bool:
    accounts = status["accounts"]
    refused = bool(accounts) and all(account["post_in"] is None for account in accounts)
    return not status["paused"] and not refused


def _facts(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    counts = status["counts"]
    yield "queue", ", ".join(f"{number} {name}" for name, number in counts.items())
    if status["paused"]:
        paused = status["paused"]
        yield (
            "paused",
            f"since {local(paused['since'])}: {paused['reason']} (comenq resume goes on)",
        )
    now = time.time()
    for account in status["accounts"]:
        reason = f": {account['reason']}" if account["reason"] else ""
        yield "account", f"{account['name']}, {_next(account['post_in'], now)}{reason}"
    if not status["accounts"]:
        yield "account", "none has posted yet"


def _next(post_in: float | None, now: float) -> str:
    if post_in is None:
        return "its credential is refused"
    return "may post now" if post_in < 1 else f"may post {when(post_in, now)}"
