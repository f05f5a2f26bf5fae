"""Opens a comment in the user's editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from comenq_core.cli.output import print_error
from comenq_core.errors import ComenqError

__all__ = ["Cancelled", "edited"]


class Cancelled(ComenqError):
    """The editor failed, or the user left the comment empty."""


@contextmanager
def edited(text: str) -> Iterator[str]:
    """The comment as the user saved it. Its file is kept until the ``with`` block is done.

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
        _save(path, text)
        raise
    path.unlink()


def _save(path: Path, text: str) -> None:
    """Tell where the comment is; a file with nothing of the user's goes."""
    try:
        written = path.read_bytes()
    except OSError:
        written = b""
    if not written.strip() or written == text.encode():
        path.unlink(missing_ok=True)
    else:
        print_error(f"your comment is kept in {path}")


def _edit(path: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        status = subprocess.run([*shlex.split(editor), path], check=False).returncode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Cancelled(
            f"cannot run the editor {editor!r}: {why}: set VISUAL to another one"
        ) from None
    if status != 0:
        raise Cancelled(f"the editor exited with status {status}: nothing is queued")


def _written(path: Path) -> str:
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise Cancelled(
            f"the comment cannot be read: {error.strerror}: nothing is queued"
        ) from None
    except UnicodeDecodeError as error:
        raise Cancelled(
            f"the comment is not UTF-8 at byte {error.start + 1}: nothing is queued;"
            " save it as UTF-8, and give it with -F"
        ) from None
    if not text.strip():
        raise Cancelled("the comment is empty: nothing is queued")
    return text
