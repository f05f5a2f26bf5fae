"""`comenq top`, which is ``comenq status --watch``."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import islice
from shutil import get_terminal_size

from comenq_core.cli.comenq.list import table
from comenq_core.cli.comenq.pagination import listed
from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.comenq.screen import Screen
from comenq_core.cli.comenq.status_text import COLOURS, SHOWN, facts
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.formatting import countdown
from comenq_core.cli.table import paint
from comenq_core.cli.text_width import fit
from comenq_core.errors import DaemonError
from comenq_core.text import printable

__all__ = ["configure", "run"]

SECOND = 1.0
HEADING = "comenq · {time} · q quits"


def configure(parser: ArgumentParser) -> None:
    parser.epilog = "Quit with q or Ctrl-C.\n"


def run(args: Namespace) -> int:
    """Show the state of the queue live, until the user quits."""
    with Screen() as screen:
        while True:
            width, height = get_terminal_size()
            screen.draw(islice(_lines(args, width, height), height))
            if screen.key(SECOND) in {"q", "Q"}:
                return DONE


def _lines(args: Namespace, width: int, height: int) -> Iterator[str]:
    yield paint(fit(HEADING.format(time=time.strftime("%H:%M:%S")), width), "bold")
    try:
        status = ask(args, op="status")["status"]
        jobs = list(listed(args, limit=height))
    except DaemonError as error:
        yield from (fit(line, width) for line in str(error).splitlines())
        return
    unconfirmed = [job for job in jobs if job["state"] == "unconfirmed"][:SHOWN]
    for name, text in facts(status, countdown, unconfirmed):
        line = fit(f"{name + ':':10} {printable(text)}", width)
        yield paint(line, COLOURS[name]) if name in COLOURS else line
    if jobs:
        yield ""
        yield from table(jobs, width)
