"""Opens a comment in the user's editor."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from comenq_core.cli.output import print_error
from comenq_core.errors import ComenqError

__all__ = ["Cancelled", "edited"]


class Cancelled(ComenqError):
    """The editor failed, or the user left the comment empty."""


@contextmanager
def edited(text: str, *, is_copy: bool) -> Iterator[str]:
    """The comment as the user saved it. Its file is kept until the ``with`` block is done.

    Args:
        text: what the editor begins with.
        is_copy: whether this text is elsewhere as well, and need not be kept for itself.

    Raises:
        Cancelled: the editor failed, or the comment is empty or not UTF-8.
    """
    descriptor, name = tempfile.mkstemp(prefix="comenq-", suffix=".md")
    path = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    try:
        _edit(path)
        yield _written(path)
    except BaseException:
        _save(path, text if is_copy else "")
        raise
    path.unlink()


def _save(path: Path, known: str) -> None:
    """Tell where the comment is; a file with nothing but what is known goes."""
    try:
        written = path.read_bytes()
    except OSError:
        written = b""
    if not written.strip() or written == known.encode():
        path.unlink(missing_ok=True)
    else:
        print_error(f"your comment is kept in {path}: to go on with it, give it with -F {path}")


def _edit(path: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        with _keys_for_editor(), _terminal() as terminal:
            command = [*shlex.split(editor), str(path)]
            status = subprocess.run(command, stdin=terminal, check=False).returncode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Cancelled(
            f"cannot run the editor {editor!r}: {why}: set VISUAL to another one"
        ) from None
    if status != 0:
        raise Cancelled(f"the editor exited with status {status}: nothing is sent")


@contextmanager
def _keys_for_editor() -> Iterator[None]:
    """Leave the keys that end a program to the editor, which shares the terminal."""
    # The editor begins with the default of a signal that is handled here, and would inherit it
    # if it were ignored.
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing about a signal."""


@contextmanager
def _terminal() -> Iterator[IO[bytes] | None]:
    """What the editor reads from where a draft was piped in: the terminal, if there is one."""
    if sys.stdin is None or sys.stdin.isatty():
        yield None
        return
    try:
        terminal = open("/dev/tty", "rb")  # noqa: SIM115 -- closed below
    except OSError:
        yield None
        return
    with terminal:
        yield terminal


def _written(path: Path) -> str:
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise Cancelled(f"the comment cannot be read: {error.strerror}: nothing is sent") from None
    except UnicodeDecodeError as error:
        raise Cancelled(
            f"the comment is not UTF-8 at byte {error.start + 1}: nothing is sent;"
            " save it as UTF-8, and give it with -F"
        ) from None
    if not text.strip():
        raise Cancelled("the comment is empty: nothing is sent")
    return text
