"""`comenq` alone: where the queue stands, and what to type."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator

from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.comenq.status import lines
from comenq_core.cli.exit_status import DONE, UNREACHABLE
from comenq_core.cli.output import print_error, print_result
from comenq_core.errors import DaemonUnreachable
from comenq_core.presentation.advice import command
from comenq_core.presentation.formatting import when
from comenq_core.presentation.status_text import facts

__all__ = ["run"]

SHOWN = ("queue", "paused", "next", "reviewer", "trouble")
TO_TYPE = {
    "queue a comment": 'OWNER/REPO NUMBER "Looks good to me."',
    "see what is queued": "list",
    "watch it": "top",
    "see what was posted": "hist",
    "see what it waits for": "status",
    "everything else": "--help",
}


def run(args: Namespace) -> int:
    """Show the overview; only a missing daemon makes it fail."""
    try:
        status = ask(args, op="status")["status"]
    except DaemonUnreachable as error:
        print_error(error)
        print_result("", *_to_type())
        return UNREACHABLE
    now = time.time()
    known = facts(status, lambda seconds: when(seconds, now))
    print_result(*lines(fact for fact in known if fact[0] in SHOWN), "", *_to_type())
    return DONE


def _to_type() -> Iterator[str]:
    return (f"{what + ':':22} {command(words)}" for what, words in TO_TYPE.items())
