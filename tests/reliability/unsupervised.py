"""A daemon whose listener and worker are started one by one: killed, limited, traced."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from comenq_core.testing.deadline import DEADLINE
from tests.process.daemon import Daemon
from tests.process.log import Log
from tests.process.processes import kill_session

__all__ = ["Program", "Unsupervised"]


@dataclass(frozen=True)
class Program:
    """A process of the daemon, and what it has said."""

    process: subprocess.Popen[str]
    log: Log
    reader: threading.Thread

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Kill it with SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.end()

    def stop(self) -> int:
        """Ask it to end, wait until it has, and return its exit status."""
        self.process.terminate()
        status = self.process.wait(DEADLINE)
        self.end()
        return status

    def end(self) -> None:
        """Leave nothing of it behind."""
        if self.is_alive:
            kill_session(self.pid)
        self.process.wait(DEADLINE)
        self.reader.join()
        with suppress(AttributeError):
            self.process.stdout.close()  # type: ignore[union-attr]


class Unsupervised(Daemon):
    """The same daemon, without supervisord.

    Args:
        api_url: the stand-in to post to.
        changes: settings that differ from this test's defaults; ``{"spool.group": …}`` for those
            of a table.
    """

    def __init__(self, api_url: str, **changes: Any) -> None:
        super().__init__(api_url, **changes)
        self.python = Path(sys.executable)
        self._programs = ExitStack()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._programs.close()
        super().__exit__(kind, error, trace)

    def listen(self, *prefix: str | Path, **how: Any) -> Program:
        """Start the listener, and wait until clients can connect."""
        program = self.run("listen", *prefix, **how)
        program.log.until(" info unix listening: ")
        return program

    def work(self, *prefix: str | Path, **how: Any) -> Program:
        """Start the worker, and wait until it posts."""
        program = self.run("work", *prefix, **how)
        program.log.until(" info worker started: ")
        return program

    def run(self, command: str, *prefix: str | Path, **how: Any) -> Program:
        """Start a process, and wait for nothing.

        Args:
            command: ``listen``, ``work``, or ``""`` for the whole daemon.
            prefix: a command that runs it.
            how: what differs for `subprocess.Popen`.
        """
        words: Sequence[str | Path] = [command] if command else []
        daemon = [self.python, "-P", "-m", "comenq_core.cli.comenqd.main", *words]
        options: dict[str, Any] = {
            "env": self.environment,
            "cwd": self.directory,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "start_new_session": True,
            **how,
        }
        process = subprocess.Popen(
            [*prefix, *daemon, "--config", self.config], text=True, **options
        )
        log = Log()
        program = Program(process, log, log.follow(process.stdout or ()))
        self._programs.callback(program.end)
        return program
