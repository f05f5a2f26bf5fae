"""`comenq status`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from typing import Any

from comenq_core.cli.comenq.hints import tell_held
from comenq_core.cli.comenq.pagination import unconfirmed
from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.exit_status import DONE, FAILED, UNREACHABLE
from comenq_core.cli.output import print_error, print_json, print_result
from comenq_core.cli.table import paint
from comenq_core.errors import DaemonUnreachable
from comenq_core.presentation.formatting import when
from comenq_core.presentation.status_text import COLOURS, SHOWN, facts, troubles
from comenq_core.text import printable

__all__ = ["configure", "lines", "run"]

LONGEST_LINE = 1_000
EXAMPLES = """\
examples:
  comenq status
  comenq status --watch
  comenq status --prometheus > /var/lib/node_exporter/comenq.prom

exit status: 0 no trouble, 1 something needs a person, 3 no daemon answers
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the status as JSON")
    form.add_argument(
        "--prometheus", action="store_true", help="print the status as Prometheus metrics"
    )
    form.add_argument(
        "--watch", action="store_true", help="show the status live, as comenq top does"
    )


def run(args: Namespace) -> int:
    """Show the state of the queue on one screen."""
    if args.watch:
        from comenq_core.cli.comenq import top

        return top.run(args)
    try:
        status = ask(args, op="status")["status"]
    except DaemonUnreachable as error:
        _print_status(args, None)
        print_error(error)
        return UNREACHABLE
    _print_status(args, status)
    return FAILED if any(troubles(status)) else DONE


def lines(known: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The lines that show `facts`, each with its name."""
    for name, text in known:
        line = f"{name + ':':10} {printable(text, LONGEST_LINE)}"
        yield paint(line, COLOURS[name]) if name in COLOURS else line


def _print_status(args: Namespace, status: dict[str, Any] | None) -> None:
    if args.prometheus:
        from comenq_core.presentation.prometheus import metrics

        print_result(*metrics(status))
    elif args.json:
        print_json([{"up": status is not None, **(_with_trouble(args, status) if status else {})}])
    elif status:
        now = time.time()
        jobs = unconfirmed(args, status, SHOWN)
        print_result(*lines(facts(status, lambda seconds: when(seconds, now), jobs)))
        tell_held(status["counts"]["held"])


def _with_trouble(args: Namespace, status: dict[str, Any]) -> dict[str, Any]:
    return {
        **status,
        "trouble": [
            trouble._asdict() for trouble in troubles(status, unconfirmed(args, status, SHOWN))
        ],
    }
