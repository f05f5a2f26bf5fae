"""Rows about enqueueing: the command, the socket, many clients at once, latency."""

from __future__ import annotations

import itertools
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.disk import durable_file
from benchmarks.processes import Site, listener, site
from benchmarks.ratios import Row, in_parts, interleaved, row

REQUEST = {"owner": "o", "repo": "r", "pr_number": 1, "body": "x" * 200}
LINE = json.dumps(REQUEST).encode() + b"\n"
FIVE_LINES = """\
import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(json.dumps({"owner": "o", "repo": "r", "pr_number": 1, "body": "text"}).encode())
s.shutdown(socket.SHUT_WR)
print(json.loads(s.makefile().readline())["entry"]["id"])
"""


def command() -> Row:
    """The whole process of ``comenq o/r 1 text``, compared with a five-line client."""
    with site() as where, listener(where):
        script = where.root / "five.py"
        script.write_text(FIVE_LINES)
        comenq = [str(Path(sys.executable).with_name("comenq")), "o/r", "1", "text"]
        plain = [sys.executable, str(script), str(where.socket)]
        environment = {**os.environ, "COMENQ_SOCKET": str(where.socket)}
        pairs = interleaved(
            lambda: _seconds(comenq, environment), lambda: _seconds(plain, environment), 40
        )
    return row(
        pairs,
        name="comenq o/r 1 text, whole process",
        against="a five-line Python client with json and socket",
        unit="ms",
        scale=1e3,
        target=1.3,
    )


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _expect_ok(reply: bytes) -> None:
    if not reply.startswith(b'{"outcome":"ok"'):
        raise RuntimeError(f"not acknowledged: {reply[:200]!r}")


def pipelined(count: int = 1_000) -> Row:
    """One client that sends a thousand jobs without waiting for replies."""
    with site() as where, listener(where):
        pairs = interleaved(
            lambda: _pipelined_per_second(where, count),
            lambda: sqlite_per_second(where.root, count),
            15,
        )
    return row(
        pairs,
        name=f"acknowledged jobs, one connection, {count} sent ahead",
        against="sqlite3, WAL, synchronous=FULL, one insert a commit",
        unit="jobs/s",
        target=1.5,
        at_most=False,
    )


def _pipelined_per_second(where: Site, count: int) -> float:
    start = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        sender = os.fork()
        if sender == 0:
            client.sendall(LINE * count)
            os._exit(0)
        replies = client.makefile("rb")
        for _ in range(count):
            _expect_ok(replies.readline())
        os.waitpid(sender, 0)
    return count / (time.perf_counter() - start)


def sqlite_per_second(root: Path, count: int) -> float:
    """Durable inserts a second."""
    base = sqlite3.connect(root / f"{time.monotonic_ns()}.db", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, data BLOB)")
    start = time.perf_counter()
    for _ in range(count):
        base.execute("INSERT INTO job (data) VALUES (?)", (LINE,))
    taken = time.perf_counter() - start
    base.close()
    return count / taken


def latency(count: int = 1_200, parts: int = 6) -> list[Row]:
    """One client, one job at a time, on one connection; a plain file after each."""
    with site() as where, listener(where), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        plain = where.root / "plain"
        plain.mkdir()
        names = itertools.count()
        pairs = interleaved(
            lambda: _seconds_for(client), lambda: _seconds_for_file(plain, next(names)), count
        )
    return [
        row(
            in_parts(pairs, share, parts),
            name=f"latency of the acknowledgement, {word}",
            against="one write, fsync, rename, fsync(directory)",
            unit="ms",
            scale=1e3,
            target=target,
        )
        for word, share, target in (("p50", 0.5, 1.5), ("p99", 0.99, 3.0))
    ]


def _seconds_for(client: socket.socket) -> float:
    start = time.perf_counter()
    client.sendall(LINE)
    _expect_ok(client.recv(65536))
    return time.perf_counter() - start


def _seconds_for_file(directory: Path, number: int) -> float:
    start = time.perf_counter()
    durable_file(str(directory), str(number))
    return time.perf_counter() - start
