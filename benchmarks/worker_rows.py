"""Rows about posting: how fast, and how soon after a job arrives."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from inotify_simple import INotify, flags

from benchmarks.intake_rows import LINE, REQUEST
from benchmarks.processes import Site, listener, process, site
from benchmarks.ratios import Pairs, Row, row

ALLOWED = 0.005
"""Seconds that a post may take in addition to the wake-up."""


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


def wake_up(count: int = 40) -> list[Row]:
    """The time from a job's arrival to that of its POST, with a worker that slept."""
    with forge() as url, site(github_api_url=url) as where:
        with listener(where), process("work", where):
            enqueue(where, 1)
            arrivals(url, 1)
            dropped = [_drop(where, url, 2 + number) for number in range(count)]
            enqueued = [_enqueue(where, url, 2 + count + number) for number in range(count)]
        plain = [_inotify(where, number) + ALLOWED for number in range(count)]
    return [
        row(
            Pairs(taken, plain),
            name=f"from {what} to the POST's arrival, p50",
            against="an inotify wake-up, plus 5 ms",
            unit="ms",
            scale=1e3,
            target=1.0,
        )
        for what, taken in (
            ("the file's rename into new/", dropped),
            ("the acknowledgement", enqueued),
        )
    ]


def until_settled(where: Site) -> None:
    """Wait until the worker has nothing left to do."""
    while any((where.queue / "cur").iterdir()) or any((where.queue / "new").iterdir()):
        os.sched_yield()


def _drop(where: Site, url: str, count: int) -> float:
    until_settled(where)
    draft = where.queue / "tmp" / f"drop-{count}"
    draft.write_text(json.dumps(REQUEST))
    start = time.monotonic()
    draft.rename(where.queue / "new" / f"{count}.json")
    return arrivals(url, count)[count - 1] - start


def _enqueue(where: Site, url: str, count: int) -> float:
    until_settled(where)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        client.sendall(LINE)
        client.recv(65536)
        start = time.monotonic()
    return arrivals(url, count)[count - 1] - start


def _inotify(where: Site, number: int) -> float:
    """Seconds from a rename until another process learns of it."""
    directory = where.root / f"inotify-{number}"
    directory.mkdir()
    reader, writer = os.pipe()
    watch = INotify()
    watch.add_watch(directory, flags.MOVED_TO)
    child = os.fork()
    if child == 0:
        select.select([watch], [], [])
        os.write(writer, repr(time.monotonic()).encode())
        os._exit(0)
    draft = where.root / f"draft-{number}"
    draft.touch()
    time.sleep(0.01)  # until the child sleeps
    start = time.monotonic()
    draft.rename(directory / "x")
    os.waitpid(child, 0)
    told = float(os.read(reader, 100))
    watch.close()
    os.close(reader)
    os.close(writer)
    return told - start
