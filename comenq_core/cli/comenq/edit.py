"""`comenq edit`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from comenq_core.cli.comenq.body import comment
from comenq_core.cli.comenq.editor import edited
from comenq_core.cli.comenq.requests import add_json, ask
from comenq_core.cli.exit_status import DONE, FAILED
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.presentation.advice import command
from comenq_core.presentation.formatting import in_queue, job_json, target
from comenq_core.wire.digest import text_digest

__all__ = ["configure", "rewrite", "run"]

Job = dict[str, Any]

EDITABLE = ("waiting", "held")
EXAMPLES = """\
examples:
  comenq edit 7f3k
  comenq edit 7f3k -F review.md
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("id", metavar="ID", help="the id of the job, or an unambiguous prefix of it")
    text = "take the new text from FILE, without an editor; - is standard input"
    add("-F", "--body-file", metavar="FILE", help=text)
    add_json(parser, "print the job as JSON")


def run(args: Namespace) -> int:
    """Give a comment another text, written in $VISUAL or $EDITOR; it keeps its place."""
    job = ask(args, op="show", id=args.id)["entry"]
    if job["state"] not in EDITABLE:
        states = " or ".join(EDITABLE)
        print_error(f"job {job['id']} is {job['state']}; only a job that is {states} can be edited")
        return FAILED
    if args.body_file is not None:
        done, entry = _replace(args, job, comment([], args.body_file))
    else:
        done, entry = rewrite(args, job)
    print_done(as_json(job_json(entry)) if args.json else done)
    return DONE


def rewrite(args: Namespace, job: Job) -> tuple[str, Job]:
    """Give a job the text that its user writes; return what is done, in words, and the job.

    Raises:
        Cancelled: there is no text.
        DaemonError: the daemon did not take it; it is kept, and the user told where.
    """
    way_on = f"go on with {command('edit')} {job['id']} -F {{}}"
    with edited(job["body"], way_on, "the job keeps its text") as text:
        return _replace(args, job, text)


def _replace(args: Namespace, job: Job, text: str) -> tuple[str, Job]:
    """Replace the text, unless somebody else has done so meanwhile."""
    was = text_digest(job["body"])
    entry = ask(args, op="edit", id=job["id"], body=text, was=was)["entry"]
    done = "unchanged" if text == job["body"] else "edited"
    return " · ".join([f"{done} {entry['id']}", target(entry), in_queue(entry, time.time())]), entry
