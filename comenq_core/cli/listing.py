"""`comenq list`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

from comenq_core.cli.exits import DONE
from comenq_core.cli.output import complain, emit, emit_json
from comenq_core.cli.style import columns
from comenq_core.cli.talk import add_json, ask, number
from comenq_core.cli.words import target, when

__all__ = ["configure", "run"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGE = 50
STATES = ("waiting", "posting", "doubtful", "held")
HEADS = ("ID", "PULL REQUEST", "COMMENT", "STATE", "TRIES", "WHEN")
COMMENT = HEADS.index("COMMENT")
COLOURS = {"posting": "cyan", "doubtful": "yellow", "held": "yellow"}
EXAMPLES = """\
examples:
  comenq list
  comenq list --repo octo-org/site --state held
  comenq list --json | jq -r .body
"""


def configure(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("-n", "--limit", type=number, metavar="N", help=f"at most so many (default: {PAGE})")
    add("--all", action="store_true", help="all of them; the default with --json")
    add("--repo", metavar="OWNER/REPO", help="only those for this repository")
    add("--state", action="append", choices=STATES, help="only those; may be given again")
    add_json(parser, "each job, with its whole comment, as a line of")


def run(args: Namespace) -> int:
    """List the jobs in the order in which they will be posted."""
    limit = args.limit or (None if args.all or args.json else PAGE)
    # One more than is shown tells whether there are more.
    asked = None if limit is None else limit + 1
    reply = ask(args, op="list", limit=asked, repo=args.repo, state=args.state)
    entries = reply["entries"]
    shown = entries[:limit]
    if args.json:
        emit_json(shown)
    elif shown:
        now = time.time()
        rows = [_row(entry, now) for entry in shown]
        emit(*columns(HEADS, rows, shrink=COMMENT, colours=COLOURS))
    else:
        complain("nothing is queued that matches")
    if len(entries) > len(shown):
        complain("there are more: see them with -n NUMBER or --all")
    return DONE


def _row(entry: dict[str, Any], now: float) -> list[object]:
    waits = entry["state"] == "waiting"
    first_line = (entry["body"] or entry["reason"]).strip().partition("\n")[0]
    return [
        entry["id"],
        target(entry),
        first_line.rstrip("\r"),
        entry["state"],
        entry["tries"],
        when(entry["eta_seconds"], now) if waits else "",
    ]
