"""``comenq put --jsonl``: many comments over one connection, and a report of each."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from comenq_core.cli.comenq.line_reader import LineReader, NumberedLine
from comenq_core.cli.comenq.line_requests import LineRequests
from comenq_core.cli.comenq.plain_args import VIA, PlainArgs
from comenq_core.cli.comenq.progress import Progress
from comenq_core.cli.exit_status import DONE, FAILED, UsageError
from comenq_core.cli.output import as_json, print_done, print_error
from comenq_core.client import accepted, candidates, connect, knows_via
from comenq_core.errors import ComenqError, DaemonUnreachable, InvalidRequest
from comenq_core.presentation.formatting import job_json
from comenq_core.text import printable

__all__ = ["put_many"]

Message = dict[str, Any]

SINGLE_ONLY = (
    "words",
    "body_file",
    "edit",
    "now",
    "key",
    "if_open",
    "account",
    "not_after",
    "replace",
    "repo",
    "body",
    "dry_run",
    "verify",
    "reply_to",
)
"""Options for a single comment; a line has members of its own instead."""


def put_many(args: Namespace | PlainArgs) -> int:
    """Queue a comment for each line; exit status 0 means that all are durable.

    Raises:
        UsageError: an option is for a single comment, or the file cannot be read.
        DaemonUnreachable: no daemon answers, and nothing is queued.
    """
    if any(getattr(args, name) not in (None, False, []) for name in SINGLE_ONLY):
        raise UsageError(
            "--jsonl can only be used with --after, --at, --hold, --if-absent, --json, --key-from,"
            " --wait, --timeout, --daemon and --socket"
        )
    requests = LineRequests(args)
    with _opened(str(args.jsonl)) as (name, descriptor):
        upload = _Upload(args, requests, name, descriptor)
        status = upload.run()
    return max(status, _wait(args, upload.queued)) if args.wait else status


def _wait(args: Namespace | PlainArgs, queued: Mapping[str, Message]) -> int:
    from comenq_core.cli.comenq.wait import read_timeout
    from comenq_core.cli.comenq.waiter import JobWaiter

    return JobWaiter(args.socket, queued, as_json=args.json, until=args.until or "posted").wait(
        read_timeout(args.timeout)
    )


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
    """Sends lines to the daemon, and tells of them in their order.

    Args:
        args: the command line.
        requests: makes a line a request.
        name: what messages call the file.
        descriptor: open for reading.
    """

    def __init__(
        self, args: Namespace | PlainArgs, requests: LineRequests, name: str, descriptor: int
    ) -> None:
        self._args = args
        self._paths = candidates(args.socket, os.environ)
        self._via = {"via": VIA} if knows_via(self._paths, VIA) else {}
        self._requests = requests
        self._lines = LineReader(name, descriptor)
        status = os.fstat(descriptor)
        self._progress = Progress(status.st_size if stat.S_ISREG(status.st_mode) else 0)
        self._open: deque[tuple[NumberedLine, str]] = deque()
        """The lines of which nothing was told so far, and why those are refused that were not
        sent."""
        self._count = 0
        self._refused = 0
        self.queued: dict[str, Message] = {}
        """The jobs to wait for, by id."""

    def run(self) -> int:
        """Send all lines; print a report, even if that fails."""
        try:
            while self._lines.are_more():
                self._send_burst()
        except DaemonUnreachable as error:
            if not self._count:
                raise
            # Its exit status would say that nothing is queued.
            raise ComenqError(str(error)) from None
        finally:
            self._report()
        return FAILED if self._refused else DONE

    def _send_burst(self) -> None:
        # The daemon closes an idle connection, so each burst of lines has one of its own.
        with connect(self._paths) as daemon:
            for reply in daemon.ask_many(self._messages()):
                self._tell_unsent()
                if not self._open:
                    accepted(reply)  # the daemon closes the connection, and says why
                else:
                    self._record(self._open.popleft()[0], reply)
            self._tell_unsent()

    def _messages(self) -> Iterator[Message]:
        for line in self._lines.burst():
            try:
                message = self._requests.message(line.text)
            except InvalidRequest as error:
                self._open.append((line, str(error)))
            else:
                self._open.append((line, ""))
                yield {**message, **self._via}

    def _tell_unsent(self) -> None:
        """Tell of the next lines, as long as they were refused without the daemon."""
        while self._open and self._open[0][1]:
            self._refuse(*self._open.popleft())

    def _record(self, line: NumberedLine, reply: Message) -> None:
        if reply.get("outcome") != "ok":
            self._refuse(line, str(reply.get("message")).removeprefix("request."))
            return
        self._count += 1
        job = reply["entry"]
        if self._args.wait:
            self.queued[job["id"]] = job
        else:
            self._progress.clear()
            numbered = {"line": line.number, **job_json(job)}
            print_done(as_json(numbered) if self._args.json else job["id"])
        self._progress.show(line.end, f"{self._count:,} queued")

    def _refuse(self, line: NumberedLine, why: str) -> None:
        self._refused += 1
        self._progress.clear()
        print_error(f"line {line.number}: {printable(why)}")

    def _report(self) -> None:
        self._progress.clear()
        unanswered = [line.number for line, why in self._open if not why]
        for line, why in self._open:
            if why:
                self._refuse(line, why)
        if self._refused:
            print_error(f"{_comments(self._refused)} refused")
        if unanswered:
            numbers = ", ".join(_ranges(unanswered))
            print_error(f"not acknowledged, and may or may not be queued: line {numbers}")
        if self._lines.number and not self._lines.is_over:
            print_error(f"not sent: the lines after line {self._lines.number}")
        if self.queued and (unanswered or not self._lines.is_over):
            # They are not waited for, so that nothing else tells of them.
            print_error(f"queued: {' '.join(self.queued)}")
        if not self._args.json and (self._lines.number or self._lines.is_over):
            print_error(f"queued {_comments(self._count)}")


def _comments(number: int) -> str:
    return f"{number:,} comment{'' if number == 1 else 's'}"


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    """Numbers as text, with runs joined: ``1-3``, ``5``."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}"
