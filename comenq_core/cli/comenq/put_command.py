"""The options of `comenq put`. A command line without options needs none of this."""

from __future__ import annotations

from argparse import ArgumentParser

from comenq_core.cli.comenq.put import run
from comenq_core.cli.comenq.target import FORMS
from comenq_core.cli.comenq.until import add_until

__all__ = ["configure", "run"]

EXAMPLES = """\
the pull request, in any of these forms:
  {}

examples:
  comenq octo-org/site 123 "Looks good to me."
  comenq octo-org/site#123 -F review.md
  git log --oneline v1..v2 | comenq https://github.com/octo-org/site/pull/123
  comenq put octo-org/site 123 "Ready?" --after 2h --if-open
  comenq put octo-org/site 123 "Ready?" --wait
  comenq 'https://github.com/octo-org/site/pull/123#discussion_r456' "Fixed."

in a checkout, as with gh, for its repository and, without a number, its branch's pull request:
  comenq 123 "Looks good to me."
  comenq -b "Looks good to me."

many comments, one per line, as {{"owner": …, "repo": …, "pr_number": …, "body": …}}:
  comenq put --jsonl comments.jsonl
  comenq put --jsonl comments.jsonl --key-from id --after 2h

exit status: 0 it is queued or, with --wait, posted or, with --until answered, reviewed; 1 refused,
failed, skipped, deleted, or not reviewed; 2 usage;
3 no daemon answers; 4 (timed out) and 5 (a person has to do something first): it stays queued, and
must not be queued again; 5 is also a lost reply: look whether it is queued
"""


def configure(parser: ArgumentParser) -> None:
    parser.usage = f"comenq put {FORMS[0]} [BODY] [options]"
    parser.epilog = EXAMPLES.format("\n  ".join(FORMS))
    add = parser.add_argument
    add("words", metavar="PULL-REQUEST [BODY]", nargs="*", help="the pull request and the comment")
    add(
        "-R",
        "--repo",
        metavar="REPOSITORY",
        help="the repository, as [HOST/]OWNER/REPO (default: $GH_REPO, then the checkout's)",
    )
    add("-b", "--body", metavar="TEXT", help="the comment")
    add("-F", "--body-file", metavar="FILE", help="read the comment from FILE; - is standard input")
    add(
        "--reply-to",
        metavar="ID",
        help="reply in the thread of this review comment; its address names it, too",
    )
    add("-e", "--edit", action="store_true", help="write the comment in $VISUAL or $EDITOR")
    _add_conditions(parser)
    add(
        "--jsonl",
        metavar="FILE",
        help="queue a comment for each line of FILE, a JSON object; - is standard input",
    )
    add("--key-from", metavar="FIELD", help="with --jsonl: the key of each comment is its FIELD")
    add("--wait", action="store_true", help="wait until the comment is posted, and print its URL")
    add_until(parser)
    add(
        "--verify",
        action="store_true",
        help="wait until the pull request is found, which needs verify_targets in the settings",
    )
    timeout = "with --wait or --verify: stop waiting after 90s, 45m, 1h30m"
    add("--timeout", metavar="TIME", help=timeout)
    add("--json", action="store_true", help="print the job as JSON")
    add("--dry-run", action="store_true", help="show what would be queued, and queue nothing")


def _add_conditions(parser: ArgumentParser) -> None:
    add = parser.add_argument
    moment = parser.add_mutually_exclusive_group()
    moment.add_argument(
        "--after", metavar="TIME", help="post it no sooner than this: 45m, 1h30m, 2d from now"
    )
    moment.add_argument(
        "--at",
        metavar="WHEN",
        help="post it no sooner than this: 2026-12-01T09:00+01:00, 'tomorrow 9:00', 17:30",
    )
    add(
        "--not-after",
        metavar="TIME",
        help="skip it if its turn comes later than this: 2h from now, 'tomorrow 9:00', 17:30",
    )
    add(
        "--now",
        action="store_true",
        help="put it at the front of the queue; the cooldown still applies",
    )
    add("--key", help="queue it once: the same KEY again prints the first job's id")
    replace = "give the comment that waits under the KEY this text; it keeps its place"
    add("--replace", action="store_true", help=replace)
    absent = "do not queue it if the same comment is waiting; print that job's id"
    add("--if-absent", action="store_true", help=absent)
    add("--if-open", action="store_true", help="skip it if the pull request is no longer open")
    add("--hold", action="store_true", help="keep it back until somebody releases it")
    unfollowed = "if it asks for a review: do not await the answer, and do not ask again"
    add("--no-follow", dest="follow", action="store_false", help=unfollowed)
    one = "post it as this posting account (default: any that is for its repository)"
    add("--as", dest="account", metavar="ACCOUNT", help=one)
