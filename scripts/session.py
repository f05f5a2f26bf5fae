"""Processes and a directory that are gone when the program ends, also when it is interrupted."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

__all__ = ["Session", "Signals"]

TIMEOUT_SECONDS = 300.0
"""Seconds for a process to print an expected line, or to end: it only ends what hangs."""


class Signals:
    """Makes the first signal end the program, but not in the middle of what must be finished."""

    def __init__(self) -> None:
        self._is_held = False
        self._came = 0
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            # What nohup, for instance, has made us ignore stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._take)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self._came = number
        if not self._is_held:
            self._end()

    def _end(self) -> None:
        self.hold()
        sys.exit(self.status)

    def hold(self) -> None:
        """From now on, only note that a signal came."""
        self._is_held = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Finish a ``with`` block before a signal ends the program."""
        self._is_held = True
        yield
        self._is_held = False
        if self._came:
            self._end()

    @property
    def status(self) -> int:
        """The exit status that tells of the signal; 0 if none came."""
        return 128 + self._came if self._came else 0


class Session:
    """Runs processes; leaving the ``with`` block ends them and removes the directories.

    Args:
        signals: what may interrupt it.
    """

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._signals.hold()
        self._cleanup.close()

    def directory(self) -> Path:
        """Make a directory."""
        with self._signals.held():
            path = Path(tempfile.mkdtemp(prefix="comenq-"))
            self._cleanup.callback(shutil.rmtree, path)
        return path

    def start(self, *command: str | Path, environ: Mapping[str, str] | None = None) -> Output:
        """Start a process that keeps running; return what it prints."""
        process = self._start(command, environ)
        assert process.stdout
        return Output(process.stdout)

    def run(self, *command: str | Path, environ: Mapping[str, str] | None = None) -> str:
        """Run a process to its end; return what it printed.

        Raises:
            SystemExit: it failed.
        """
        process = self._start(command, environ)
        printed, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{Path(command[0]).name} failed:\n{printed}")
        return printed

    def _start(
        self, command: tuple[str | Path, ...], environ: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        with self._signals.held():
            process = subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                # Ctrl-C is for us alone: we end the others in their order.
                start_new_session=True,
            )
            self._cleanup.callback(_end, process)
        return process


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Output:
    """What a process prints, line by line; a thread reads it until the process has ended."""

    def __init__(self, stream: IO[str]) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put("")

    def until(self, pattern: str) -> str:
        """Wait for a line that matches; return it.

        Raises:
            SystemExit: there was none.
        """
        read: list[str] = []
        while True:
            try:
                line = self._lines.get(timeout=TIMEOUT_SECONDS)
            except queue.Empty:
                line = ""
            if not line:
                sys.exit(f"nothing matched {pattern!r} in\n{''.join(read)}")
            if re.search(pattern, line):
                return line.rstrip()
            read.append(line)
