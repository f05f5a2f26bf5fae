"""Opens a comment in the user's editor."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from comenq_core.cli.output import print_error
from comenq_core.errors import ComenqError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Cancelled", "edited"]


class Cancelled(ComenqError):
    """The editor failed, or the user left the comment empty."""


@contextmanager
def edited(
    text: str,
    way_on: str = "queue it with -F {}; -e edits it first",
    outcome: str = "nothing is queued",
) -> Iterator[str]:
    """The comment as the user saved it. Its file is kept unless the ``with`` block succeeds.

    Args:
        text: what the editor begins with.
        way_on: what to do with the file of a comment that was not taken, ``{}``.
        outcome: what it means that there is no comment.

    Raises:
        Cancelled: the editor failed, or the comment is empty or not UTF-8.
    """
    descriptor, name = tempfile.mkstemp(prefix="comenq-", suffix=".md")
    path = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    try:
        with _told_at_signals(path, way_on):
            _edit(path, outcome)
        yield _written(path, outcome)
    except BaseException:
        _tell_or_remove(path, way_on)
        raise
    path.unlink()


@contextmanager
def _told_at_signals(path: Path, way_on: str) -> Iterator[None]:
    """Tell where the comment is if a signal ends this process; the editor may go on."""

    def end(number: int, _frame: object) -> None:
        with suppress(OSError):  # the terminal may be gone
            _say_where(path, way_on)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    with ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGHUP):
            stack.callback(signal.signal, number, signal.signal(number, end))
        yield


def _say_where(path: Path, way_on: str) -> None:
    print_error(f"your comment is kept in {path}: {way_on.format(shlex.quote(str(path)))}")


def _tell_or_remove(path: Path, way_on: str) -> None:
    """Tell where the comment is; an empty file goes."""
    try:
        written = path.read_bytes()
    except OSError:
        written = b""
    if written.strip():
        _say_where(path, way_on)
    else:
        path.unlink(missing_ok=True)


def _edit(path: Path, outcome: str) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        status = _run([*shlex.split(editor), str(path)])
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Cancelled(
            f"cannot run the editor {editor!r}: {why}: set VISUAL to another one"
        ) from None
    if status != 0:
        raise Cancelled(f"the editor {_ended(status)}: {outcome}")


def _ended(status: int) -> str:
    if status > 0:
        return f"exited with status {status}"
    try:
        return f"was ended by signal {-status} ({signal.Signals(-status).name})"
    except ValueError:  # a real-time signal has no name
        return f"was ended by signal {-status}"


def _run(words: list[str]) -> int:
    """Run the editor on the terminal; return its exit status. Ctrl-C is the editor's."""
    with ExitStack() as stack:
        for key in (signal.SIGINT, signal.SIGQUIT):
            # A handler ends with exec, and the editor begins with the default; SIG_IGN would stay.
            stack.callback(signal.signal, key, signal.signal(key, lambda *_: None))
        stdin, stdout = (_terminal(file, stack) for file in (sys.stdin, sys.stdout))
        return subprocess.run(words, check=False, stdin=stdin, stdout=stdout).returncode


def _terminal(file: TextIO | None, stack: ExitStack) -> int | None:
    """The terminal, where one of ours is a pipe or a file; ``None`` to use ours."""
    if file is not None and file.isatty():
        return None
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    stack.callback(os.close, terminal)
    return terminal


def _written(path: Path, outcome: str) -> str:
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise Cancelled(f"the comment cannot be read: {error.strerror}: {outcome}") from None
    except UnicodeDecodeError as error:
        raise Cancelled(
            f"the comment is not UTF-8 at byte {error.start + 1}: {outcome}; save it as UTF-8"
        ) from None
    if not text.strip():
        raise Cancelled(f"the comment is empty: {outcome}")
    return text
