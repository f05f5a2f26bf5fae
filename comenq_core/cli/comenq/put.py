"""`comenq put`, or `comenq OWNER/REPO NUMBER BODY`."""

from __future__ import annotations

import os
import time

from comenq_core.cli.comenq.body import comment, draft_to_edit, utf8
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.target import FORMS, Target, read_target
from comenq_core.cli.exit_status import DONE, UsageError
from comenq_core.cli.formatting import in_queue
from comenq_core.cli.output import as_json, print_done
from comenq_core.client import candidates, send
from comenq_core.errors import DaemonUnreachable, NotAcknowledged

__all__ = ["configure", "run"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

EXAMPLES = """\
the pull request, in any of these forms:
  {}

examples:
  comenq octo-org/site 123 "Looks good to me."
  comenq octo-org/site#123 -F review.md
  git log --oneline v1..v2 | comenq https://github.com/octo-org/site/pull/123
  comenq put octo-org/site 123 "Ready?" --after 2h --if-open
  comenq put octo-org/site 123 "Ready?" --wait

many comments, one per line, as {{"owner": …, "repo": …, "pr_number": …, "body": …}}:
  comenq put --jsonl comments.jsonl
"""


def configure(parser: ArgumentParser) -> None:
    parser.usage = f"comenq put {FORMS[0]} [BODY] [options]"
    parser.epilog = EXAMPLES.format("\n  ".join(FORMS))
    add = parser.add_argument
    add("words", metavar="PULL-REQUEST [BODY]", nargs="*", help="the pull request and the comment")
    add("-F", "--body-file", metavar="FILE", help="read the comment from FILE; - is standard input")
    add("-e", "--edit", action="store_true", help="write the comment in $VISUAL or $EDITOR")
    _add_conditions(parser)
    add(
        "--jsonl",
        metavar="FILE",
        help="queue a comment for each line of FILE, a JSON object; - is standard input",
    )
    add("--wait", action="store_true", help="wait until the comment is posted, and print its URL")
    add("--json", action="store_true", help="print the job as JSON")


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
    one = "post it as this posting account (default: any that is for its repository)"
    add("--as", dest="account", metavar="ACCOUNT", help=one)


def run(args: Namespace | PlainArgs) -> int:
    """Queue one comment; exit status 0 means that it is durable."""
    if args.jsonl is not None:
        from comenq_core.cli.comenq.put_jsonl import put_many

        return put_many(args)
    target, rest = read_target(args.words)
    host = target[3]
    if host is not None and args.socket is None:
        from comenq_core.cli.comenq.daemons import choose_for

        choose_for(host)
    if args.edit:
        from comenq_core.cli.comenq.editor import edited

        with edited(draft_to_edit(rest, args.body_file)) as text:
            entry = _put(args, _message(args, target, text))
    else:
        entry = _put(args, _message(args, target, comment(rest, args.body_file)))
    if entry is None:
        return DONE
    print_done(as_json(entry) if args.json else _summary(entry))
    return _wait(args, entry) if args.wait else DONE


def _wait(args: Namespace | PlainArgs, entry: dict[str, Any]) -> int:
    from comenq_core.cli.comenq.wait import JobWaiter

    return JobWaiter(args.socket, {entry["id"]: entry}, as_json=args.json).wait()


def _put(args: Namespace | PlainArgs, message: dict[str, Any]) -> dict[str, Any] | None:
    """Queue the comment, and return its job; ``None`` if it is saved for a daemon to come."""
    try:
        entry: dict[str, Any] = send(candidates(args.socket, os.environ), message).get("entry", {})
    except DaemonUnreachable as error:
        from comenq_core.cli.comenq.saving import save

        save(args, message, error)
        return None
    except NotAcknowledged as error:
        raise NotAcknowledged(
            f"{error}: the comment may or may not be queued; check with comenq list"
        ) from None
    return entry


def _message(args: Namespace | PlainArgs, target: Target, body: str) -> dict[str, Any]:
    owner, repo, number, host = target
    request = {"owner": owner, "repo": repo, "pr_number": number, "body": body}
    if host is not None:
        request["host"] = host
    if args.after is not None or args.at is not None:
        from comenq_core.cli.comenq.times import not_before

        request["not_before"] = not_before(args.after, args.at)
    if args.not_after is not None:
        from comenq_core.cli.comenq.times import not_after

        request["not_after"] = not_after(args.not_after)
    if args.key is not None:
        request["key"] = utf8("--key", args.key)
    if args.if_open:
        request["if_open"] = True
    if args.account is not None:
        request["account"] = utf8("--as", args.account)
    options = {
        "ahead": args.now,
        "if_absent": args.if_absent,
        "hold": args.hold,
        "replace": args.replace,
    }
    if args.replace and args.key is None:
        raise UsageError("--replace needs --key: the comment under that key is replaced")
    chosen = {name: True for name, is_chosen in options.items() if is_chosen}
    # Every daemon understands a bare request, the Rust one included.
    return {"op": "put", "request": request, **chosen} if chosen else request


def _summary(entry: dict[str, Any]) -> str:
    state = entry.get("state", "waiting")
    job_id = entry.get("id", "?")
    if state == "held":
        return f"held {job_id} · to let it be posted: comenq release {job_id}"
    done = "queued" if state == "waiting" else f"already {state}"
    place = in_queue(entry, time.time()) if state == "waiting" else entry.get("url", "")
    return " · ".join(part for part in (f"{done} {job_id}", place) if part)
