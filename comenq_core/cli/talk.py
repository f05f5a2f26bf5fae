"""What most commands do with the daemon: ask, and make sure that it did not refuse."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from comenq_core.client import candidates, connect

__all__ = ["add_json", "ask", "number"]

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


def add_json(parser: ArgumentParser, what: str) -> None:
    """Offer ``--json``."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def number(text: str) -> int:
    """A whole number from 1, for argparse."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError
    return int(text)
