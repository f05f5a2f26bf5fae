"""Rows about an idle daemon, and about listing a long queue."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.disk import scratch
from benchmarks.processes import daemon, listener, resident, site, wakeups
from benchmarks.ratios import Row
from benchmarks.worker_rows import arrivals, enqueue, forge, until_settled

COMMON = (
    "argparse",
    "ctypes",
    "importlib.metadata",
    "inotify_simple",
    "json",
    "logging",
    "pluggy",
    "tomllib",
)
LIBRARIES = {
    "listener": ("asyncio", "concurrent.futures", "jsonschema", *COMMON),
    "worker": ("requests", "tenacity", *COMMON),
    "supervisord": ("supervisor.supervisord",),
}
MINUTE = 60.0
WEB = "http://comenq.test"


def memory_and_wakeups() -> list[Row]:
    """A daemon that has posted a comment, and then does nothing for a minute."""
    with forge() as url, site(github_api_url=url) as where, daemon(where) as pids:
        enqueue(where, 1)
        arrivals(url, 1)
        until_settled(where)
        time.sleep(2)
        before = {role: wakeups(pid) for role, pid in pids.items()}
        time.sleep(MINUTE)
        woken = {role: wakeups(pid) - before[role] for role, pid in pids.items()}
        memory = {role: resident(pid) / 1024 for role, pid in pids.items()}
    bare = {role: _bare(LIBRARIES[role]) / 1024 for role in pids}
    return [
        *(_memory_row(role, memory[role], bare[role]) for role in ("listener", "worker")),
        Row(
            name="resident memory, idle, both of them and supervisord",
            against="the same bare interpreters, and one with supervisor",
            ours=sum(memory.values()),
            theirs=sum(bare.values()),
            unit="MB",
        ),
        *(_wakeup_row(role, woken[role]) for role in ("listener", "worker")),
    ]


def _memory_row(role: str, ours: float, theirs: float) -> Row:
    return Row(
        name=f"resident memory, idle {role}",
        against=f"a bare interpreter with {', '.join(LIBRARIES[role])}",
        ours=ours,
        theirs=theirs,
        unit="MB",
        target=1.2,
    )


def _wakeup_row(role: str, woken: int) -> Row:
    return Row(
        name=f"wake-ups in a minute, idle {role}",
        against="2",
        ours=woken,
        theirs=2,
        unit="wake-ups",
        target=1.0,
    )


def web_memory() -> Row:
    """A listener that has answered a request over HTTP, and one that serves the socket alone."""
    path = scratch() / "http.sock"
    web = {"intakes": ["unix", "http"], "http.listen": f"unix:{path}", "http.url": WEB}
    with site() as one, site(**web) as other, listener(one) as plain, listener(other) as child:
        _ask(path)
        ours, theirs = resident(child.pid), resident(plain.pid)
    return Row(
        name="resident memory, idle listener with the intake http",
        against="without it",
        ours=ours / 1024,
        theirs=theirs / 1024,
        unit="MB",
    )


def _ask(path: Path) -> None:
    """Wait until something listens there, and ask it whether it lives."""
    while not path.exists():
        time.sleep(0.05)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: comenq.test\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"


def _bare(libraries: tuple[str, ...]) -> int:
    """Kilobytes of an idle process that has imported these."""
    script = f"import {', '.join(libraries)}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdout.readline()
        memory = resident(child.pid)
        child.stdin.write(b"\n")
    return memory
