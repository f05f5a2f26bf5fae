"""Results go to standard output, everything else to standard error; neither can stop a command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping

from comenq_core.cli.exit_status import FAILED, INTERRUPTED
from comenq_core.errors import ComenqError
from comenq_core.text import printable

__all__ = [
    "as_json",
    "guarded",
    "has_screen",
    "print_done",
    "print_error",
    "print_json",
    "print_result",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class OutputFailed(Exception):
    """The output cannot be written: a disk is full, or the reader of a pipe is gone."""


def has_screen() -> bool:
    """Whether standard input and output are a terminal on which can be drawn."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb"


def print_result(*lines: str) -> None:
    """Print lines of a result that was asked for; without it, the command fails."""
    try:
        for line in lines:
            print(line)
    except OSError as error:
        raise OutputFailed from error


def print_json(values: Iterable[Mapping[str, Any]]) -> None:
    """Print each value as `as_json`."""
    for value in values:
        print_result(as_json(value))


def as_json(value: Mapping[str, Any]) -> str:
    """One line of JSON, in ASCII, which every locale can show."""
    return json.dumps(value)


def print_done(line: str) -> None:
    """Print what was done. It stays done if nobody can read that, so this never fails.

    A script that took an exit status other than 0 for "not done" would do it again.
    """
    try:
        print(line, flush=True)
    except OSError as error:
        _discard_output()
        if not isinstance(error, BrokenPipeError):
            print_error(f"the output cannot be written: {error.strerror}; it is: {line}")


def print_error(message: object) -> None:
    """Print an error or a note; the results stay free of it."""
    _warn(f"comenq: {message}")


def guarded(program: str, run: Callable[[], int]) -> int:
    """The exit status of a command; an error is told, and what nobody foresaw is one line.

    A character that the locale does not have is printed as its escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _flushed(run)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OutputFailed as failed:
        _discard_output()
        error = failed.__cause__
        if not isinstance(error, BrokenPipeError):  # as `head` closes it
            _warn(f"{program}: the output cannot be written: {_reason(error)}")
    except ComenqError as error:
        _warn(f"{program}: {error}")
    except Exception as error:  # noqa: BLE001 -- the last resort of a command
        _warn(f"{program}: {_unforeseen(error)}")
    return FAILED


def _flushed(run: Callable[[], int]) -> int:
    """Run a command, and write its output before the interpreter does, which tells no command."""
    try:
        return run()
    finally:
        try:
            print(end="", flush=True)
        except OSError as error:
            raise OutputFailed from error


def _unforeseen(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"the command is not complete: {_reason(error)}"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    what = f"{type(error).__name__}: {printable(error)}{place}"
    return f"this is a fault of the program, please report it: {what}"


def _reason(error: object) -> str:
    return printable(error.strerror if isinstance(error, OSError) and error.strerror else error)


def _warn(line: str) -> None:
    try:
        print(line, file=sys.stderr)
    except OSError:
        return  # there is nobody to tell


def _discard_output() -> None:
    # Otherwise the interpreter flushes again when it exits, and reports a second error.
    # https://docs.python.org/3/library/signal.html#note-on-sigpipe
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
