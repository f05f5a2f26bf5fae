"""The intake as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from comenq_core.testing.deadline import DEADLINE
from tests.socket.serving import REQUEST, Talker, until

ROOT = Path(__file__).parents[2]


@contextmanager
def _running(path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.socket.program", str(path), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: path.is_socket() or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE)


def test_exhausted_descriptors_end_nothing(directory: Path) -> None:
    """Without a descriptor left, the intake logs it once, and serves again when there are some."""
    path = directory / "c.sock"
    with _running(path, "64") as process:
        with ExitStack() as stack:
            for _ in range(150):
                stack.enter_context(Talker(path))
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            assert any("not_accepting" in line for line in lines)
        with Talker(path) as client:
            assert client.ask(REQUEST)["outcome"] == "ok"
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=DEADLINE)
    assert "not_accepting" not in rest
    assert process.returncode == 0


def test_killed_intake_is_replaced(directory: Path) -> None:
    """A killed process leaves a socket and a lock that do not stop the next one."""
    path = directory / "c.sock"
    with _running(path) as first:
        first.kill()
        first.wait(DEADLINE)
    assert path.is_socket()
    stale = path.lstat().st_ino
    with _running(path) as second:
        until(lambda: path.lstat().st_ino != stale or second.poll() is not None)
        with Talker(path) as client:
            assert client.ask({"op": "ping"}) == {"outcome": "ok"}
