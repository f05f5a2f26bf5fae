"""`comenq resolve`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

from comenq_core.cli.comenq.body import utf8
from comenq_core.cli.comenq.requests import add_json, ask
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.output import as_json, print_done
from comenq_core.presentation.formatting import in_queue, job_json, target
from comenq_core.text import printable

__all__ = ["configure", "run"]

EXAMPLES = """\
examples:
  comenq list --state unconfirmed
  comenq show 7f3k
  comenq resolve 7f3k --posted https://github.com/octo-org/site/pull/7#issuecomment-1
  comenq resolve 7f3k --not-posted
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "id", metavar="ID", help="the id of the job, or an unambiguous prefix of it"
    )
    answer = parser.add_mutually_exclusive_group(required=True)
    answer.add_argument("--posted", metavar="URL", help="it is posted: this is its address")
    answer.add_argument(
        "--not-posted", action="store_true", help="it is not posted, so it is queued again"
    )
    add_json(parser, "print the job as JSON")


def run(args: Namespace) -> int:
    """Say whether a comment is posted that comenq cannot find."""
    posted = None if args.not_posted else utf8("--posted", args.posted)
    entry = ask(args, op="resolve", id=args.id, posted=posted)["entry"]
    if args.json:
        print_done(as_json(job_json(entry)))
        return DONE
    done, rest = (
        ("posted", entry["url"])
        if entry["state"] == "posted"
        else ("queued again", in_queue(entry, time.time()))
    )
    print_done(" · ".join([f"{done} {entry['id']}", target(entry), printable(rest)]))
    return DONE
