"""``comenq put --jsonl``: many comments over one connection, and a report of each."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from comenq_core.cli.comenq.line_reader import LINE_LIMIT, LineReader, NumberedLine
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.progress import Progress
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.client import accepted, candidates, connect
from comenq_core.errors import InvalidRequest
from comenq_core.text import printable
from comenq_core.wire.strict_json import parse

__all__ = ["put_many"]

Message = dict[str, Any]

SINGLE_ONLY = (
    "words",
    "body_file",
    "edit",
    "after",
    "at",
    "now",
    "key",
    "if_open",
    "account",
    "wait",
    "hold",
    "not_after",
    "replace",
)
"""Options for a single comment; a line has members of its own instead."""


def put_many(args: Namespace | PlainArgs) -> int:
    """Queue a comment for each line; exit status 0 means that all are durable.

    Raises:
        UsageError: an option is for a single comment, or the file cannot be read.
        DaemonUnreachable: no daemon answers, and nothing is queued.
    """
    if any(getattr(args, name) not in (None, False, []) for name in SINGLE_ONLY):
        raise UsageError("--jsonl can only be used with --if-absent, --json, --daemon and --socket")
    with _opened(str(args.jsonl)) as (name, descriptor):
        return _Upload(args, name, descriptor).run()


@contextmanager
def _opened(path: str) -> Iterator[tuple[str, int]]:
    if path == "-":
        yield "standard input", sys.stdin.fileno()
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        yield path, descriptor
    finally:
        os.close(descriptor)


class _Upload:
    """Sends lines to the daemon, and keeps count of the replies."""

    def __init__(self, args: Namespace | PlainArgs, name: str, descriptor: int) -> None:
        self._args = args
        self._lines = LineReader(name, descriptor)
        status = os.fstat(descriptor)
        self._progress = Progress(status.st_size if stat.S_ISREG(status.st_mode) else 0)
        self._unanswered: deque[NumberedLine] = deque()
        self._queued = 0
        self._refused = 0

    def run(self) -> int:
        """Send all lines; print a report, even if that fails."""
        try:
            while self._lines.are_more():
                self._send_burst()
        finally:
            self._report()
        return FAILED if self._refused else DONE

    def _send_burst(self) -> None:
        # The daemon closes an idle connection, so each burst of lines has one of its own.
        with connect(candidates(self._args.socket, os.environ)) as daemon:
            for reply in daemon.ask_many(self._messages()):
                if not self._unanswered:
                    accepted(reply)  # the daemon closes the connection, and says why
                else:
                    self._record(self._unanswered.popleft(), reply)

    def _messages(self) -> Iterator[Message]:
        for line in self._lines.burst():
            try:
                message = self._message(line.text)
            except InvalidRequest as error:
                self._refuse(line, str(error))
            else:
                self._unanswered.append(line)
                yield message

    def _message(self, text: bytes) -> Message:
        if len(text) > LINE_LIMIT:
            raise InvalidRequest("", f"the line is longer than {LINE_LIMIT} bytes")
        try:
            request = parse(text)
        except InvalidRequest as error:
            # The parser sees one line of the file at a time, and calls each of them line 1.
            reason = error.reason.replace(" at line 1,", " at")
            raise InvalidRequest(error.path, reason) from None
        if not isinstance(request, dict):
            raise InvalidRequest("", "must be a JSON object with owner, repo, pr_number and body")
        if "op" in request:
            raise InvalidRequest("op", "is unknown: a line is a comment")
        if self._args.if_absent:
            return {"op": "put", "request": request, "if_absent": True}
        return request

    def _record(self, line: NumberedLine, reply: Message) -> None:
        if reply.get("outcome") != "ok":
            self._refuse(line, str(reply.get("message")).removeprefix("request."))
            return
        self._queued += 1
        if self._args.json:
            self._progress.clear()
            print_done(as_json({"line": line.number, **reply["entry"]}))
        self._progress.show(line.end, f"{self._queued:,} queued")

    def _refuse(self, line: NumberedLine, why: str) -> None:
        self._refused += 1
        self._progress.clear()
        print_error(f"line {line.number}: {printable(why)}")

    def _report(self) -> None:
        self._progress.clear()
        if self._refused:
            print_error(f"{_comments(self._refused)} refused")
        if self._unanswered:
            numbers = ", ".join(_ranges(line.number for line in self._unanswered))
            print_error(f"not acknowledged, and may or may not be queued: line {numbers}")
        if self._lines.number and not self._lines.is_over:
            print_error(f"not sent: the lines after line {self._lines.number}")
        if not self._args.json and (self._lines.number or self._lines.is_over):
            print_done(f"queued {_comments(self._queued)}")


def _comments(number: int) -> str:
    return f"{number:,} comment{'' if number == 1 else 's'}"


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    """Numbers as text, with runs joined: ``1-3``, ``5``."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}"
