"""What most commands do with the daemon: ask, and make sure that it did not refuse."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable

from comenq_core.client import candidates, connect

__all__ = ["add_ids", "add_json", "ask", "named_ids", "number"]

MOST = 1_000_000
"""What the protocol takes as a limit."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def ask(args: Namespace, **message: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """Ask the daemon one thing. Members that are ``None`` are left out.

    Raises:
        DaemonError: it cannot be reached, refuses, or does not answer.
    """
    with connect(candidates(args.socket, os.environ)) as daemon:
        return daemon.ask({name: value for name, value in message.items() if value is not None})


def add_ids(parser: ArgumentParser) -> None:
    """Take jobs' ids; `named_ids` reads them."""
    parser.add_argument(
        "ids",
        metavar="ID",
        nargs="*",
        help="a job's id, or an unambiguous beginning of it; - reads ids from standard input",
    )


def named_ids(words: Iterable[str]) -> list[str]:
    """The ids on the command line, and on standard input where it says ``-``."""
    return [
        job_id for word in words for job_id in (sys.stdin.read().split() if word == "-" else [word])
    ]


def add_json(parser: ArgumentParser, what: str) -> None:
    """Offer ``--json``."""
    parser.add_argument("--json", action="store_true", help=f"print {what} JSON")


def number(text: str) -> int:
    """A whole number from 1 to a million, for argparse."""
    if not (re.fullmatch("[0-9]{1,7}", text) and 1 <= int(text) <= MOST):
        raise ArgumentTypeError(f"expected a whole number from 1 to {MOST:,}")
    return int(text)
