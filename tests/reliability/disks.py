"""A small file system of one's own, to be filled. Only root can have one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

__all__ = ["fill", "remount", "small_disk"]


@contextmanager
def small_disk(path: Path, size: str, inodes: int) -> Iterator[None]:
    """Mount a tmpfs at ``path`` for the length of a ``with`` block, or skip the test."""
    path.mkdir(mode=0o700)
    options = f"size={size},nr_inodes={inodes},mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "comenq", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        # Lazily: whatever still has a file open there must not keep the test from ending.
        subprocess.run(["umount", "-l", path], check=True)


def remount(path: Path, mode: str) -> None:
    """Make the file system at ``path`` writable (``rw``) or not (``ro``)."""
    subprocess.run(["mount", "-o", f"remount,{mode}", path], check=True)


def fill(directory: Path, *, size: int, count: int) -> None:
    """Make ``count`` files of ``size`` bytes each, or as many as there is room for."""
    directory.mkdir()
    with suppress(OSError):
        for number in range(count):
            (directory / str(number)).write_bytes(bytes(size))
