"""Rows about handing comments in: the command, the socket, many at once, latency."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.disk import latencies, per_second, threads_per_second
from benchmarks.processes import Site, listener, site
from benchmarks.ratios import Row, interleaved, median, percentile

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
    """The whole process of ``comenq o/r 1 text``, beside a five-line client."""
    with site() as where, listener(where):
        script = where.root / "five.py"
        script.write_text(FIVE_LINES)
        comenq = [str(Path(sys.executable).with_name("comenq")), "o/r", "1", "text"]
        plain = [sys.executable, str(script), str(where.socket)]
        environment = {**os.environ, "COMENQ_SOCKET": str(where.socket)}
        ours, theirs = interleaved(
            lambda: _seconds(comenq, environment), lambda: _seconds(plain, environment), 40
        )
    return Row(
        name="comenq o/r 1 text, whole process",
        against="a five-line Python client with json and socket",
        ours=median(ours) * 1e3,
        theirs=median(theirs) * 1e3,
        unit="ms",
        target=1.3,
        runs=len(ours),
    )


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def many_clients(clients: int = 32, each: int = 60) -> Row:
    """Clients that each connect, send one job and wait, again and again."""
    with site() as where, listener(where):
        ours, theirs = interleaved(
            lambda: socket_per_second(where, clients, each),
            lambda: threads_per_second(where.root, clients, each),
            5,
        )
    return Row(
        name=f"acknowledged jobs, {clients} clients, a connection for each job",
        against=f"{clients} threads: write, fsync, rename, fsync(directory)",
        ours=median(ours),
        theirs=median(theirs),
        unit="jobs/s",
        target=0.6,
        at_most=False,
        runs=len(ours),
    )


def socket_per_second(where: Site, clients: int, each: int) -> float:
    """Acknowledged jobs a second over the socket."""
    path = str(where.socket)

    def work(_number: int) -> None:
        for _ in range(each):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(LINE)
                _expect_ok(client.recv(65536))

    return per_second(work, clients, each)


def _expect_ok(reply: bytes) -> None:
    if not reply.startswith(b'{"outcome":"ok"'):
        raise RuntimeError(f"not acknowledged: {reply[:200]!r}")


def pipelined(count: int = 1_000) -> Row:
    """One client that sends a thousand jobs without waiting."""
    with site() as where, listener(where):
        ours, theirs = interleaved(
            lambda: _pipelined_per_second(where, count),
            lambda: sqlite_per_second(where.root, count),
            5,
        )
    return Row(
        name=f"acknowledged jobs, one connection, {count} sent ahead",
        against="sqlite3, WAL, synchronous=FULL, one insert a commit",
        ours=median(ours),
        theirs=median(theirs),
        unit="jobs/s",
        target=1.5,
        at_most=False,
        runs=len(ours),
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


def latency(count: int = 200) -> list[Row]:
    """One client, one job at a time, on one connection."""
    with site() as where, listener(where):
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(5):
            ours += _socket_latencies(where, count // 5)
            theirs += latencies(where.root, count // 5)
    return [
        Row(
            name=f"latency of the acknowledgement, {word}",
            against="one write, fsync, rename, fsync(directory)",
            ours=percentile(ours, share) * 1e3,
            theirs=percentile(theirs, share) * 1e3,
            unit="ms",
            target=target,
            runs=len(ours),
        )
        for word, share, target in (("p50", 0.5, 1.5), ("p99", 0.99, 3.0))
    ]


def _socket_latencies(where: Site, count: int) -> list[float]:
    taken = []
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        for _ in range(count):
            start = time.perf_counter()
            client.sendall(LINE)
            _expect_ok(client.recv(65536))
            taken.append(time.perf_counter() - start)
    return taken
