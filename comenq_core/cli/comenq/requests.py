"""A request to the daemon, and the arguments that several commands share."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable

from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.client import candidates, send

__all__ = ["add_ids", "add_json", "ask", "number", "read_ids"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_LIMIT = 1_000_000
"""The largest ``limit`` that the protocol accepts."""


def ask(args: Namespace | PlainArgs, **message: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """Send one request; members that are ``None`` are left out.

    Raises:
        DaemonError: the daemon cannot be reached, refuses, or does not answer.
    """
    given = {name: value for name, value in message.items() if value is not None}
    return send(candidates(args.socket, os.environ), given)


def add_ids(parser: ArgumentParser) -> None:
    """Add the argument ``ids``; `read_ids` reads it."""
    parser.add_argument(
        "ids",
        metavar="ID",
        nargs="*",
        help="the id of a job, or an unambiguous prefix of it; - reads ids from standard input",
    )


def read_ids(words: Iterable[str]) -> list[str]:
    """The ids on the command line; ``-`` stands for those on standard input."""
    return [
        job_id for word in words for job_id in (sys.stdin.read().split() if word == "-" else [word])
    ]


def add_json(parser: ArgumentParser, meaning: str) -> None:
    """Add the option ``--json``."""
    parser.add_argument("--json", action="store_true", help=meaning)


def number(text: str) -> int:
    """A whole number from 1 to a million, for argparse."""
    if not (re.fullmatch("[0-9]{1,7}", text) and 1 <= int(text) <= MAX_LIMIT):
        raise ArgumentTypeError(f"expected a whole number from 1 to {MAX_LIMIT:,}")
    return int(text)
