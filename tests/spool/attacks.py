"""What a malicious user puts into a drop directory."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from comenq_plugins.spool.format.filename import Name
from tests.spool.rig import request_text

__all__ = [
    "ATTACKS",
    "JOB_NAME",
    "Attack",
    "dangling",
    "directory",
    "fifo",
    "make_old",
    "plain",
    "symlink",
    "unix_socket",
    "unreadable",
]


def symlink(path: Path, secret: Path) -> None:
    """A link to a file that the daemon may read and the link's owner may not."""
    path.symlink_to(secret)


def dangling(path: Path, secret: Path) -> None:
    """A link to nothing."""
    path.symlink_to(secret.with_name("nothing"))


def hard_link(path: Path, secret: Path) -> None:
    """Another name of a file elsewhere."""
    mine = path.parent / ".mine"
    mine.write_bytes(request_text("Hi"))
    os.link(mine, path)


def fifo(path: Path, secret: Path) -> None:
    """A pipe that blocks its reader until somebody writes."""
    os.mkfifo(path)


def unix_socket(path: Path, secret: Path) -> None:
    """A socket, which cannot be opened."""
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(path.parent, os.O_PATH)
        listener.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def directory(path: Path, secret: Path) -> None:
    """A directory with something in it."""
    path.mkdir()
    (path / "inside").touch()


def sparse(path: Path, secret: Path) -> None:
    """A file that fills any memory, and no disk."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


ATTACKS = [
    (symlink, "it is a symbolic link"),
    (dangling, "it is a symbolic link"),
    (hard_link, "it has 2 names; a hard link is not accepted"),
    (fifo, "it is not a regular file"),
    (unix_socket, "it is a socket, or a device that is not there"),
    (directory, "it is not a regular file"),
    (sparse, f"it has {1 << 40} bytes; 1048576 are allowed"),
]
Attack = Callable[[Path, Path], None]
JOB_NAME = str(Name(1, 0, "000000000000", "00000000"))


def plain(path: Path, secret: Path) -> None:
    """A valid request."""
    draft = path.with_name(".draft")
    draft.write_bytes(request_text("from mallory"))
    draft.rename(path)


def unreadable(path: Path, secret: Path) -> None:
    """A file that only its owner may read."""
    draft = path.with_name(".draft")
    draft.write_bytes(request_text("from mallory"))
    draft.chmod(0)
    draft.rename(path)


def make_old(directory: Path) -> None:
    """Make all files there a while old, so that none counts as still being written."""
    past = time.time() - 3_600
    for path in directory.iterdir():
        os.utime(path, (past, past), follow_symlinks=False)
