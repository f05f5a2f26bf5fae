"""Tells the daemon which failed jobs a person has seen: it keeps the others for longer."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from comenq_core.cli.comenq.requests import ask
from comenq_core.errors import ComenqError

__all__ = ["tell_seen"]

AT_ONCE = 1_000
"""How many ids a request may have."""


def tell_seen(args: Namespace, jobs: Iterable[Mapping[str, Any]]) -> None:
    """Tell of the failed ones of these jobs, once they are shown, if that was on a terminal.

    What a program reads, nobody may have seen. That the daemon does not learn it is no fault of
    the command: then it keeps the jobs for longer.
    """
    ids = [job["id"] for job in jobs if job["state"] == "failed"]
    if not sys.stdout.isatty():
        return
    sys.stdout.flush()
    with suppress(ComenqError):
        for start in range(0, len(ids), AT_ONCE):
            ask(args, op="seen", ids=ids[start : start + AT_ONCE])
