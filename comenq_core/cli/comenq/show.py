"""`comenq show`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from shlex import quote
from typing import Any

from comenq_core.cli.comenq.requests import add_json, ask
from comenq_core.cli.comenq.seen import tell_seen
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.output import print_json, print_result
from comenq_core.presentation.advice import command
from comenq_core.presentation.formatting import (
    attempt_count,
    in_queue,
    job_json,
    local,
    origin_text,
    target,
)
from comenq_core.presentation.review_text import review_facts
from comenq_core.text import legible, printable

__all__ = ["configure", "lines", "run"]

LONGEST_LINE = 300_000
TIMES = {
    "not_before": "not before",
    "not_after": "not after",
    "due": "due",
    "settled": "settled",
}
PENDING = ("waiting", "posting", "checking", "unconfirmed", "held")
TEXTS = ("key", "account", "url", "reason")


def configure(parser: ArgumentParser) -> None:
    parser.epilog = "examples:\n  comenq show 7f3k\n  comenq show 7f3k --json | jq .attempts\n"
    parser.add_argument(
        "id", metavar="ID", help="the id of the job, or an unambiguous prefix of it"
    )
    add_json(parser, "print the job as JSON")


def run(args: Namespace) -> int:
    """Show one job: its state and attempts first, its comment last."""
    entry = ask(args, op="show", id=args.id)["entry"]
    if args.json:
        print_json([job_json(entry)])
        return DONE
    print_result(*lines(entry))
    tell_seen(args, [entry])
    return DONE


def lines(entry: dict[str, Any]) -> Iterator[str]:
    """What is known about the job, its attempts, and its comment."""
    yield from (
        f"{name + ':':14} {printable(value, LONGEST_LINE)}" for name, value in _facts(entry)
    )
    yield from (f"  {_attempt(attempt)}" for attempt in entry["attempts"])
    if entry["body"] is not None:
        yield ""
        body = entry["body"].removesuffix("\n").split("\n")
        yield from (legible(line.removesuffix("\r")) for line in body)


def _facts(entry: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "id", entry["id"]
    yield "pull request", target(entry)
    yield "state", _state(entry)
    yield "arrived", f"{local(entry['arrived'])} by {origin_text(entry['origin'])}"
    yield from _times(entry)
    yield from ((name, entry[name]) for name in TEXTS if entry.get(name))
    if entry["state"] == "unconfirmed":
        yield from _ways_out(entry)
    yield from review_facts(entry, time.time())
    if entry["if_open"]:
        yield "condition", "the pull request must be open"
    if count := attempt_count(entry):
        counted = f"{count}, of which {entry['attempt_count']} count toward max_attempts"
        yield "attempts", counted if entry["state"] in PENDING else count


def _times(entry: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for member, name in TIMES.items():
        is_repeated = member == "due" and entry["due"] == entry["not_before"]
        if entry.get(member) and not is_repeated:
            yield name, local(entry[member])


def _ways_out(entry: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """What a person may do about an unconfirmed job."""
    urls = [candidate["url"] for candidate in entry["candidates"]]
    yield from (("perhaps it is", url) for url in urls)
    url = quote(urls[0]) if len(urls) == 1 else "URL"
    resolve = command(f"resolve {entry['id']}")
    yield "if posted", f"{resolve} --posted {url}"
    yield "if not posted", f"{resolve} --not-posted"


def _state(entry: dict[str, Any]) -> str:
    if entry["state"] == "unconfirmed" and entry["attempts"]:
        return f"unconfirmed since {local(entry['attempts'][-1]['ended'])}"
    place = in_queue(entry, time.time())
    return place if entry["state"] == place else f"{entry['state']}, {place}"


def _attempt(attempt: dict[str, Any]) -> str:
    status = f" {attempt['status']}" if attempt["status"] else ""
    account = f" as {attempt['account']}" if attempt["account"] else ""
    words = f"{local(attempt['ended'])} {attempt['outcome']}{status}{account}"
    return printable(f"{words}: {attempt['message']}" if attempt["message"] else words)
