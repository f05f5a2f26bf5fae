"""Rows about posting: how fast, and how soon after a job arrives."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count as count_up
from pathlib import Path

import requests
from inotify_simple import INotify, flags

from benchmarks.intake_rows import LINE
from benchmarks.processes import Site, listener, process, site
from benchmarks.ratios import Pairs, Row, interleaved, percentile, row

ALLOWED = 0.005
"""Seconds that a post may take in addition to the wake-up, usually."""
ALLOWED_AT_MOST = 0.020
ASLEEP = 0.02
"""Seconds after which who has nothing left to do sleeps."""


@contextmanager
def forge() -> Iterator[str]:
    """The GitHub stand-in in a process of its own; its URL."""
    command = [sys.executable, "-m", "comenq_core.testing.forge"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()


def arrivals(url: str, count: int) -> list[float]:
    """When the comments arrived, once there are so many, on this machine's steady clock."""
    requests.get(f"{url}/_forge/comments?count={count}&timeout=120", timeout=130)
    received = requests.get(f"{url}/_forge/requests", timeout=130).json()
    return [one["at"] for one in received if one["method"] == "POST"]


def enqueue(where: Site, count: int) -> None:
    """Enqueue so many comments."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        replies = client.makefile("rb")
        for _ in range(count):
            client.sendall(LINE)
            replies.readline()


def wake_up(count: int = 200) -> list[Row]:
    """The time from a comment's acknowledgement to its POST, with a worker that slept."""
    with (
        forge() as url,
        site(github_api_url=url) as where,
        listener(where),
        process("work", where),
    ):
        enqueue(where, 1)
        arrivals(url, 1)
        numbers = count_up(2)
        pairs = interleaved(
            lambda: _enqueue(where, url, next(numbers)), lambda: _inotify(where.root), count
        )
    name = "from the acknowledgement to the POST's arrival, queue idle"
    usual = Pairs(pairs.ours, [one + ALLOWED for one in pairs.theirs])
    return [
        row(
            usual,
            name=f"{name}, p50",
            against="an inotify wake-up, plus 5 ms",
            unit="ms",
            scale=1e3,
            target=1.0,
        ),
        Row(
            name=f"{name}, p99",
            against="an inotify wake-up, plus 20 ms",
            ours=percentile(pairs.ours, 0.99) * 1e3,
            theirs=(percentile(pairs.theirs, 0.99) + ALLOWED_AT_MOST) * 1e3,
            unit="ms",
            target=1.0,
            runs=count,
        ),
    ]


def until_settled(where: Site) -> None:
    """Wait until the worker has nothing left to do."""
    while any((where.queue / "cur").iterdir()) or any((where.queue / "new").iterdir()):
        os.sched_yield()


def _enqueue(where: Site, url: str, count: int) -> float:
    until_settled(where)
    time.sleep(ASLEEP)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        client.sendall(LINE)
        client.recv(65536)
        start = time.monotonic()
    return arrivals(url, count)[count - 1] - start


def _inotify(root: Path) -> float:
    """Seconds from a rename until another process learns of it."""
    directory = Path(tempfile.mkdtemp(dir=root))
    reader, writer = os.pipe()
    with closing(INotify()) as watch:
        watch.add_watch(directory, flags.MOVED_TO)
        child = os.fork()
        if child == 0:
            select.select([watch], [], [])
            os.write(writer, repr(time.monotonic()).encode())
            os._exit(0)
        (directory / "draft").touch()
        time.sleep(ASLEEP)
        start = time.monotonic()
        (directory / "draft").rename(directory / "x")
        os.waitpid(child, 0)
    told = float(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    return told - start
