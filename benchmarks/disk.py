"""The least that a durable job costs: write, fsync, rename, fsync of the directory."""

from __future__ import annotations

import atexit
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

DATA = b'{"owner": "o", "repo": "r", "pr_number": 1, "body": "%s"}' % (b"x" * 200)


def scratch() -> Path:
    """A fresh directory on a real disk.

    All of them are removed at the end: after a removal, ext4 searches long for an inode that was
    not removed, and creating files is slow for minutes.
    recently_deleted() in https://github.com/torvalds/linux/blob/v6.12/fs/ext4/ialloc.c
    """
    return Path(tempfile.mkdtemp(dir=_top()))


@cache
def _top() -> Path:
    top = Path(tempfile.mkdtemp(prefix="cqbench", dir="/var/tmp"))
    atexit.register(partial(subprocess.run, ["rm", "-rf", top], check=True))
    return top


def durable_file(directory: str, name: str) -> None:
    """Write one job to disk with as little as possible."""
    draft = f"{directory}/.{name}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, DATA)
    os.fsync(descriptor)
    os.close(descriptor)
    os.rename(draft, f"{directory}/{name}")
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def threads_per_second(root: Path, threads: int, each: int) -> float:
    """Durable files a second, ``threads`` at once, no socket and no JSON."""
    directory = str(root / f"plain-{time.monotonic_ns()}")
    os.mkdir(directory)

    def work(number: int) -> None:
        for index in range(each):
            durable_file(directory, f"{number}-{index}")

    return per_second(work, threads, each)


def per_second(work: Callable[[int], None], threads: int, each: int) -> float:
    """Calls of ``work`` a second, with ``threads`` threads that each do ``each``."""
    crew = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    start = time.perf_counter()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return threads * each / (time.perf_counter() - start)
