"""`comenq` alone: where the queue stands, and what to type."""

from __future__ import annotations

import time
from argparse import Namespace

from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.comenq.status import lines
from comenq_core.cli.comenq.status_text import facts
from comenq_core.cli.exit_status import DONE, UNREACHABLE
from comenq_core.cli.formatting import when
from comenq_core.cli.output import print_error, print_result
from comenq_core.errors import DaemonUnreachable

__all__ = ["run"]

SHOWN = ("queue", "paused", "next", "trouble")
TO_TYPE = """\
queue a comment:       comenq OWNER/REPO NUMBER "Looks good to me."
see what is queued:    comenq list
watch it:              comenq top
see what was posted:   comenq hist
see what it waits for: comenq status
everything else:       comenq --help"""


def run(args: Namespace) -> int:
    """Show the overview; only a missing daemon makes it fail."""
    try:
        status = ask(args, op="status")["status"]
    except DaemonUnreachable as error:
        print_error(error)
        print_result("", TO_TYPE)
        return UNREACHABLE
    now = time.time()
    known = facts(status, lambda seconds: when(seconds, now))
    print_result(*lines(fact for fact in known if fact[0] in SHOWN), "", TO_TYPE)
    return DONE
