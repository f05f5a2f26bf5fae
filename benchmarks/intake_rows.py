"""Rows about queueing one comment: the command, in a checkout too, and the acknowledgement."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.disk import durable_file
from benchmarks.processes import Site, listener, site
from benchmarks.ratios import Row, in_parts, interleaved, row

REQUEST = {"owner": "o", "repo": "r", "pr_number": 1, "body": "x" * 200}
LINE = json.dumps(REQUEST).encode() + b"\n"
COMENQ = str(Path(sys.executable).with_name("comenq"))
SLOW = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
"""Settings of a developer's or a container's environment, not of a user's."""
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
        plain = [sys.executable, str(script), str(where.socket)]
        environment = _environment(where)
        pairs = interleaved(
            lambda: _seconds([COMENQ, "o/r", "1", "text"], environment),
            lambda: _seconds(plain, environment),
            60,
        )
    return row(
        pairs,
        name="comenq o/r 1 text, whole process",
        against="a five-line Python client with json and socket",
        unit="ms",
        scale=1e3,
        target=1.05,
    )


def in_checkout() -> Sequence[Row]:
    """``comenq 1 -b text``, which finds the repository, compared with gh, which prints it."""
    if not shutil.which("gh"):
        print("left out: there is no gh", file=sys.stderr)
        return []
    with site() as where, listener(where):
        checkout = where.root / "checkout"
        remote = ["remote", "add", "origin", "https://github.com/octo-org/site.git"]
        for words in (["init", "--quiet", str(checkout)], ["-C", str(checkout), *remote]):
            subprocess.run(["git", *words], check=True)
        # A host that gh has a token for counts as known, and it asks nobody.
        settings = {"GH_TOKEN": "x", "GH_CONFIG_DIR": str(where.root), "GH_NO_UPDATE_NOTIFIER": "1"}
        environment = {**_environment(where), **settings}
        pairs = interleaved(
            lambda: _seconds([COMENQ, "1", "-b", "text"], environment, checkout),
            lambda: _seconds(["gh", "browse", "--no-browser"], environment, checkout),
            40,
        )
    return [
        row(
            pairs,
            name="comenq 1 -b text in a checkout, whole process",
            against="gh browse --no-browser, which finds the repository only",
            unit="ms",
            scale=1e3,
            target=1.5,
        )
    ]


def _environment(where: Site) -> dict[str, str]:
    """What an installed command has: its bytecode is compiled."""
    kept = {name: value for name, value in os.environ.items() if name not in SLOW}
    return {**kept, "COMENQ_SOCKET": str(where.socket)}


def _seconds(
    command: list[str], environment: dict[str, str], directory: Path | None = None
) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, cwd=directory, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def expect_ok(reply: bytes) -> None:
    """Raise an error unless a reply acknowledges."""
    if not reply.startswith(b'{"outcome":"ok"'):
        raise RuntimeError(f"not acknowledged: {reply[:200]!r}")


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
        for word, share, target in (("p50", 0.5, 2.0), ("p99", 0.99, None))
    ]


def _seconds_for(client: socket.socket) -> float:
    start = time.perf_counter()
    client.sendall(LINE)
    expect_ok(client.recv(65536))
    return time.perf_counter() - start


def _seconds_for_file(directory: Path, number: int) -> float:
    start = time.perf_counter()
    durable_file(str(directory), str(number))
    return time.perf_counter() - start
