"""`comenq` alone: where the queue stands, and what to type."""

from __future__ import annotations

import time
from argparse import Namespace

from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.comenq.status_text import COLOURS, facts
from comenq_core.cli.exit_status import DONE, UNREACHABLE
from comenq_core.cli.formatting import when
from comenq_core.cli.output import print_error, print_result
from comenq_core.cli.table import paint
from comenq_core.errors import DaemonUnreachable
from comenq_core.text import printable

__all__ = ["run"]

SHOWN = ("queue", "paused", "next", "trouble")
LONGEST_LINE = 1_000
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
    for name, text in facts(status, lambda seconds: when(seconds, now)):
        if name in SHOWN:
            line = f"{name + ':':10} {printable(text, LONGEST_LINE)}"
            print_result(paint(line, COLOURS[name]) if name in COLOURS else line)
    print_result("", TO_TYPE)
    return DONE
