"""`comenq put`, or `comenq OWNER/REPO NUMBER BODY`, or `comenq -b BODY`."""

from __future__ import annotations

import os
import time

from comenq_core.cli.comenq.body import comment, draft_to_edit, utf8
from comenq_core.cli.comenq.plain_args import VIA, PlainArgs
from comenq_core.cli.comenq.target import (
    Target,
    is_number,
    read_comment_id,
    read_target,
    thread_in,
)
from comenq_core.cli.exit_status import DONE, UsageError
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.client import candidates, put
from comenq_core.errors import DaemonUnreachable, NotAcknowledged
from comenq_core.presentation.formatting import in_queue, job_json
from comenq_core.text import printable

__all__ = ["run"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any


def run(args: Namespace | PlainArgs) -> int:
    """Queue one comment; exit status 0 means that it is durable."""
    if (args.timeout, args.until) != (None, None):
        _check_wait(args)
    if args.jsonl is not None:
        from comenq_core.cli.comenq.put_jsonl import put_many

        return put_many(args)
    if args.key_from is not None:
        raise UsageError("--key-from can only be used with --jsonl: use --key")
    known = _from_file(args)
    target, rest = _target(args)
    _check_once(rest, known)
    _choose_daemon(args, target)
    if args.dry_run:
        return _dry_run(args, target, rest, known)
    if args.verify:
        from comenq_core.cli.comenq.verify import check_daemon

        check_daemon(args)
    entry = _queue(args, target, rest, known)
    if entry is None:
        return DONE
    _tell(args, entry, target)
    return _follow(args, entry)


def _tell(args: Namespace | PlainArgs, entry: dict[str, Any], target: Target) -> None:
    """Say that the comment is queued, and what its user should know of it."""
    if args.wait:
        # Only the comment's address goes to standard output.
        print_error(_summary(entry, target))
    else:
        print_done(as_json(job_json(entry)) if args.json else _summary(entry, target))
    for note in entry.get("notes", ()):
        print_error(f"note: {printable(note)}")


def _choose_daemon(args: Namespace | PlainArgs, target: Target) -> None:
    host = target[3]
    if host is not None and args.socket is None:
        from comenq_core.cli.comenq.daemons import choose_for

        choose_for(host)


def _dry_run(
    args: Namespace | PlainArgs, target: Target, rest: Sequence[str], known: str | None
) -> int:
    from comenq_core.cli.comenq.dry_run import show

    if args.edit:
        raise UsageError("--dry-run and --edit exclude each other: the text would be lost")
    text = comment(rest, args.body_file) if known is None else known
    return show(args, _message(args, target, text))


def _queue(
    args: Namespace | PlainArgs, target: Target, rest: Sequence[str], known: str | None
) -> dict[str, Any] | None:
    """Queue the comment: ``known`` from a file, or what ``rest`` or an option says; as `_put`."""
    if not args.edit:
        text = comment(rest, args.body_file) if known is None else known
        return _put(args, _message(args, target, text))
    from comenq_core.cli.comenq.editor import edited

    with edited(draft_to_edit(rest, args.body_file) if known is None else known) as text:
        return _put(args, _message(args, target, text))


def _from_file(args: Namespace | PlainArgs) -> str | None:
    """The text of the file that an option names; ``None`` without one.

    That it cannot be read is told before git, gh or the daemon is asked for the pull request.
    """
    if args.body_file is None or args.body_file == "-":
        return None
    if args.body is not None:
        raise UsageError("the comment is given twice: with -b and with -F")
    return (draft_to_edit if args.edit else comment)([], args.body_file)


def _check_once(rest: Sequence[str], known: str | None) -> None:
    if rest and known is not None:
        raise UsageError("the comment is given twice: as an argument and with -F")


def _target(args: Namespace | PlainArgs) -> tuple[Target, Sequence[str]]:
    """The pull request, and the comment, unless that is elsewhere."""
    words = args.words
    is_without = not words and (args.edit or (args.body, args.body_file) != (None, None))
    if args.repo or is_without or any(map(is_number, words[:1])):
        from comenq_core.cli.comenq.implied_target import implied_target

        target, rest = implied_target(args)
    else:
        target, rest = read_target(words)
    if args.body is None:
        return target, rest
    if rest:
        raise UsageError("the comment is given twice: as an argument and with -b")
    return target, [args.body]


def _follow(args: Namespace | PlainArgs, entry: dict[str, Any]) -> int:
    """Wait for what the options ask for; return the exit status."""
    status = DONE
    if args.verify:
        from comenq_core.cli.comenq.verify import await_verified

        status = await_verified(args, entry)
    if status != DONE or not args.wait:
        return status
    from comenq_core.cli.comenq.wait import read_timeout
    from comenq_core.cli.comenq.waiter import JobWaiter

    waiter = JobWaiter(
        args.socket, {entry["id"]: entry}, as_json=args.json, until=args.until or "posted"
    )
    return waiter.wait(read_timeout(args.timeout))


def _check_wait(args: Namespace | PlainArgs) -> None:
    """Refuse what says how long to wait before anything is queued.

    Raises:
        UsageError: it is no length of time, or nothing is waited for.
    """
    from comenq_core.cli.comenq.wait import read_timeout

    if args.until is not None and not args.wait:
        raise UsageError("--until can only be used with --wait")
    if args.timeout is not None and not (args.wait or args.verify):
        raise UsageError("--timeout can only be used with --wait or --verify")
    read_timeout(args.timeout)


def _put(args: Namespace | PlainArgs, message: dict[str, Any]) -> dict[str, Any] | None:
    """Queue the comment, and return its job; ``None`` if it is saved for a daemon to come."""
    try:
        reply = put(candidates(args.socket, os.environ), message, VIA)
    except DaemonUnreachable as error:
        from comenq_core.cli.comenq.saving import save

        save(args, message, error)
        return None
    except NotAcknowledged as error:
        from comenq_core.presentation.advice import command

        raise NotAcknowledged(
            f"{error}: the comment may or may not be queued; check with {command('list')}"
        ) from None
    entry: dict[str, Any] = reply.get("entry", {})
    return entry


def _message(args: Namespace | PlainArgs, target: Target, body: str) -> dict[str, Any]:
    owner, repo, number, host = target
    request = {"owner": owner, "repo": repo, "pr_number": number, "body": body}
    perhaps = {"host": host, "in_reply_to": _thread(args)}
    request |= {name: value for name, value in perhaps.items() if value is not None}
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
    request |= {} if args.follow else {"follow": False}
    if args.account is not None:
        request["account"] = utf8("--as", args.account)
    options = {
        "ahead": args.now,
        "if_absent": args.if_absent,
        "hold": args.hold,
        "replace": args.replace,
    }
    if args.replace:
        _check_replace(args)
    chosen = {name: True for name, is_chosen in options.items() if is_chosen}
    # Every daemon understands a bare request, the Rust one included.
    return {"op": "put", "request": request, **chosen} if chosen else request


def _thread(args: Namespace | PlainArgs) -> int | None:
    """The review comment to reply to, which an address or an option names.

    Raises:
        UsageError: they name different ones, or no comment can have that id.
    """
    named = thread_in(args.words)
    if args.reply_to is None:
        return named
    wanted = read_comment_id(args.reply_to)
    if named not in {None, wanted}:
        raise UsageError(f"the address names the review comment {named}, and --reply-to {wanted}")
    return wanted


def _check_replace(args: Namespace | PlainArgs) -> None:
    if args.key is None:
        raise UsageError("--replace needs --key: the comment under that key is replaced")
    if args.now:
        raise UsageError("--replace keeps the comment's place: use comenq bump instead of --now")


def _summary(entry: dict[str, Any], target: Target) -> str:
    owner, repo, number, _ = target
    thread = entry.get("in_reply_to")
    where = f"{owner}/{repo}#{number}" + (f" (thread {thread})" if thread else "")
    state = entry.get("state", "waiting")
    job_id = entry.get("id", "?")
    is_replaced = entry.get("replaced", False)
    if state == "held":
        from comenq_core.presentation.advice import command

        release = command(f"release {job_id}")
        done = f"replaced {job_id} · {where} · held" if is_replaced else f"held {job_id} · {where}"
        why = f" · {printable(entry['reason'])}" if entry.get("reason") else ""
        return f"{done}{why} · to let it be posted: {release}"
    done = "replaced" if is_replaced else "queued" if state == "waiting" else f"already {state}"
    place = in_queue(entry, time.time()) if state == "waiting" else entry.get("url", "")
    told = (f"{done} {job_id}", where, place)
    return " · ".join(part for part in told if part)
