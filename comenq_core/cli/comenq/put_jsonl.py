"""``comenq put --jsonl``: many comments over one connection, each of them accounted for."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby

from comenq_core.cli.comenq.line_reader import LINE_LIMIT, Line, Lines
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.progress import Progress
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import emit_json, print_error, print_result
from comenq_core.client import accepted, candidates, connect
from comenq_core.errors import InvalidRequest
from comenq_core.text import printable
from comenq_core.wire.strict_json import parse

__all__ = ["put_many"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

OF_ONE = ("words", "body_file", "edit", "after", "at", "now", "key", "if_open", "wait")
"""What can only be said of one comment; a line says of its own what it has to."""


def put_many(args: Namespace | PlainArgs) -> int:
    """Queue a comment for each line; done means that all are durable.

    Raises:
        UsageError: an option makes no sense for many, or the file cannot be read.
        DaemonUnreachable: no daemon answers, and nothing is queued.
    """
    if any(getattr(args, name) not in (None, False, []) for name in OF_ONE):
        raise UsageError("--jsonl goes with --if-absent, --json and --socket alone")
    with _opened(str(args.jsonl)) as (name, descriptor):
        return _Delivery(args, name, descriptor).deliver()


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


class _Delivery:
    """Lines on their way to the daemon."""

    def __init__(self, args: Namespace | PlainArgs, name: str, descriptor: int) -> None:
        self._args = args
        self._lines = Lines(name, descriptor)
        status = os.fstat(descriptor)
        self._progress = Progress(status.st_size if stat.S_ISREG(status.st_mode) else 0)
        self._under_way: deque[Line] = deque()
        self._queued = 0
        self._refused = 0

    def deliver(self) -> int:
        """Send all lines; report what has become of them, however that ends."""
        try:
            while self._lines.are_more():
                self._send_burst()
        finally:
            self._report()
        return FAILED if self._refused else DONE

    def _send_burst(self) -> None:
        # A daemon waits for nobody, so when the lines pause, the connection is given up.
        with connect(candidates(self._args.socket, os.environ)) as daemon:
            for reply in daemon.ask_many(self._messages()):
                if not self._under_way:
                    accepted(reply)  # the daemon gives up the connection, and says why
                else:
                    self._note(self._under_way.popleft(), reply)

    def _messages(self) -> Iterator[Message]:
        for line in self._lines.burst():
            try:
                message = self._message(line.text)
            except InvalidRequest as error:
                self._refuse(line, str(error))
            else:
                self._under_way.append(line)
                yield message

    def _message(self, text: bytes) -> Message:
        if len(text) > LINE_LIMIT:
            raise InvalidRequest("", f"the line is longer than {LINE_LIMIT} bytes")
        try:
            request = parse(text)
        except InvalidRequest as error:
            # A line of the file has but one line.
            reason = error.reason.replace(" at line 1,", " at")
            raise InvalidRequest(error.path, reason) from None
        if not isinstance(request, dict):
            raise InvalidRequest("", "must be a JSON object with owner, repo, pr_number and body")
        if "op" in request:
            raise InvalidRequest("op", "is not known here: a line is a comment")
        if self._args.if_absent:
            return {"op": "put", "request": request, "if_absent": True}
        return request

    def _note(self, line: Line, reply: Message) -> None:
        if reply.get("outcome") != "ok":
            self._refuse(line, str(reply.get("message")).removeprefix("request."))
            return
        self._queued += 1
        if self._args.json:
            self._progress.clear()
            emit_json([{"line": line.number, **reply["entry"]}])
        self._progress.show(line.end, f"{self._queued:,} queued")

    def _refuse(self, line: Line, why: str) -> None:
        self._refused += 1
        self._progress.clear()
        print_error(f"line {line.number}: {printable(why)}")

    def _report(self) -> None:
        self._progress.clear()
        if self._refused:
            print_error(f"{_comments(self._refused)} refused")
        if self._under_way:
            numbers = ", ".join(_ranges(line.number for line in self._under_way))
            print_error(f"not acknowledged, so perhaps queued and perhaps not: line {numbers}")
        if self._lines.number and not self._lines.is_over:
            print_error(f"not sent: what comes after line {self._lines.number}")
        if not self._args.json and (self._lines.number or self._lines.is_over):
            print_result(f"queued {_comments(self._queued)}")


def _comments(number: int) -> str:
    return f"{number:,} comment{'' if number == 1 else 's'}"


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    """``1-3``, ``5``: numbers in words, those that follow one another together."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}"
