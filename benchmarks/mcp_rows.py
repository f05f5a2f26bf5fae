"""Rows about the MCP server, which agents start and keep."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import proportional
from benchmarks.ratios import Pairs, Row, row

COMENQ = [str(Path(sys.executable).with_name("comenq")), "mcp"]
BARE = [
    sys.executable,
    "-c",
    "import jsonschema, mcp.server.lowlevel; input(); print(flush=True); input()",
]
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
}


class Started(NamedTuple):
    """What a process took until its first reply."""

    seconds: float
    kilobytes: float


def server(runs: int = 10) -> list[Row]:
    """The start of ``comenq mcp`` until it answers, and its memory then."""
    pairs = [(_started(COMENQ), _started(BARE)) for _ in range(runs)]
    against = "a bare interpreter with the SDK and jsonschema"
    return [
        row(
            Pairs([ours.seconds for ours, _ in pairs], [theirs.seconds for _, theirs in pairs]),
            name="start of comenq mcp, until it answers",
            against=against,
            unit="ms",
            scale=1e3,
        ),
        row(
            Pairs([ours.kilobytes for ours, _ in pairs], [theirs.kilobytes for _, theirs in pairs]),
            name="memory (Pss), idle comenq mcp",
            against=against,
            unit="MB",
            scale=1 / 1024,
        ),
    ]


def _started(command: list[str]) -> Started:
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        child.stdin.flush()
        child.stdout.readline()
        started = Started(time.perf_counter() - begun, proportional(child.pid))
        child.stdin.write(b"\n")
    return started
