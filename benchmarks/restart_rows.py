"""Rows about a worker that is killed at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.disk import scratch
from benchmarks.processes import Site, child_of, daemon, site
from benchmarks.ratios import Pairs, Row, row
from benchmarks.worker_rows import arrivals, enqueue, forge, until_settled

RUNS = 5
ALLOWED = 1.0
"""Seconds until the next post, in addition to the restart."""
STABLE = 2.5
"""Seconds after which supervisord takes a program for started: `startsecs`, and a bit."""
DELAY = 0.3
"""Seconds that the forge lets its answer wait."""
BARE = """\
[supervisord]
nodaemon=true
silent=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=supervisord.pid

[unix_http_server]
file=supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:comenq]
supervisor.rpcinterface_factory=comenq_core.supervisor.rpcinterface:make_rpcinterface

[program:bare]
command={python} -c "import time; open('{told}', 'w').write(repr(time.monotonic())); \
time.sleep(3600)"
autorestart=true
startsecs=2
"""
"""comenq's own supervisord, with a program that only says when it has started."""


def killed() -> Row:
    """From kill -9 between GitHub's answer and the receipt until the next post."""
    with (
        forge() as url,
        site(github_api_url=url) as where,
        daemon(where) as pids,
        _bare_daemon() as bare,
    ):
        ours, theirs = [], []
        for number in range(RUNS):
            time.sleep(STABLE)
            theirs.append(bare.restarted() + ALLOWED)
            ours.append(_next_post(where, url, pids["supervisord"], number * 2))
    return row(
        Pairs(ours, theirs),
        name="kill -9 of the worker between answer and receipt, until the next post",
        against="the supervisor's restart of a bare interpreter, plus 1 s",
        unit="s",
        target=1.0,
    )


def _next_post(where: Site, url: str, supervisord: int, posted: int) -> float:
    """Seconds from the kill to the next comment's POST; so many comments are posted before."""
    until_settled(where)
    requests.post(f"{url}/_forge/next", json={"delay": DELAY}, timeout=10).raise_for_status()
    worker = child_of(supervisord, "work")
    enqueue(where, 2)
    arrivals(url, posted + 1)
    os.kill(worker, signal.SIGSTOP)
    time.sleep(2 * DELAY)  # the answer arrives meanwhile, and nobody reads it
    start = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    return arrivals(url, posted + 2)[-1] - start


class _Bare:
    def __init__(self, told: Path, supervisord: int) -> None:
        self._told = told
        self._supervisord = supervisord
        self.started()

    def started(self) -> float:
        """Wait until the program has started; when that was, on the steady clock."""
        return float(self._told.read_text())

    def restarted(self) -> float:
        """Seconds from kill -9 until the program runs again."""
        start = time.monotonic()
        os.kill(child_of(self._supervisord, "-c"), signal.SIGKILL)
        return self.started() - start


@contextmanager
def _bare_daemon() -> Iterator[_Bare]:
    root = scratch()
    told = root / "told"
    os.mkfifo(told)
    (root / "bare.conf").write_text(BARE.format(python=sys.executable, told=told))
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", "bare.conf"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL) as child:
        try:
            yield _Bare(told, child.pid)
        finally:
            child.terminate()
            child.wait(30)
