"""comenq's part inside supervisord: it writes whole log lines, and ends a daemon that cannot run.

conf/supervisord.conf loads `make_rpcinterface`, which is how supervisord runs code of others in
its own process. http://supervisord.org/xmlrpc.html#rpc-interface-factories
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

from supervisor import events
from supervisor.states import ProcessStates, SupervisorStates

from comenq_core.process.hardening import forbid_dumps, hide_environment
from comenq_core.process.log import Log, LogSink, configure
from comenq_core.supervisor.control_socket import ControlSocket
from comenq_core.supervisor.output import Lines, SupervisordLog
from comenq_core.supervisor.progress import Progress
from comenq_core.supervisor.question import STATUS_SOCKET_VARIABLE
from comenq_core.supervisor.systemd import Report
from comenq_core.supervisor.wakeup import Wakeup

__all__ = ["make_rpcinterface"]

LONGEST_PAUSE_SECONDS = 60
"""Before the next start of a program that ends early, however often it has; not more than
startretries in conf/supervisord.conf, so that supervisord never gives up."""

log = Log("supervisor")


class _Logger(Protocol):
    handlers: list[object]


class _Options(Protocol):
    logger: _Logger
    mood: int
    httpservers: Sequence[tuple[object, Any]]

    def get_socket_map(self) -> dict[int, object]: ...


class _Process(Protocol):
    config: Any
    pid: int
    spawnerr: str | None
    backoff: int
    delay: float

    def get_state(self) -> int: ...


class _Group(Protocol):
    processes: dict[str, _Process]


class _Supervisord(Protocol):
    options: _Options
    process_groups: dict[str, _Group]


class _Output(Protocol):
    process: _Process
    data: bytes


class _Change(Protocol):
    process: _Process


def make_rpcinterface(supervisord: object) -> object:
    """Subscribe to the events of ``supervisord``, which calls this before it starts programs."""
    forbid_dumps()
    hide_environment()
    sink = configure("info", sys.stdout)
    return _Supervision(cast("_Supervisord", supervisord), sink)


class _Supervision:
    """Its public methods are remote procedures, for those who may use the control socket."""

    def __init__(self, supervisord: _Supervisord, sink: LogSink) -> None:
        self._supervisord = supervisord
        self._sink = sink
        self._lines: defaultdict[str, Lines] = defaultdict(Lines)
        self._failed = False
        dispatchers = supervisord.options.get_socket_map()
        self._progress = Progress(
            os.environ.get(STATUS_SOCKET_VARIABLE, ""),
            dispatchers,
            self._kill,
            Report(self._all_run, self._is_ending),
        )
        self._control_socket = ControlSocket(Path.cwd(), self._control_descriptor)
        self._wakeup = Wakeup(dispatchers)
        events.subscribe(events.SupervisorRunningEvent, self._wake_up)
        events.subscribe(events.ProcessStateExitedEvent, self._wake_up)
        events.subscribe(events.SupervisorStoppingEvent, self._close)
        atexit.register(self._exit)
        # Only once it runs: before, supervisord warns that its socket needs no password, which is
        # right, since only the daemon's user can reach it.
        events.subscribe(events.SupervisorRunningEvent, self._log_supervisord)
        events.subscribe(events.ProcessLogStdoutEvent, self._forward)
        for ending in (
            events.ProcessStateExitedEvent,
            events.ProcessStateBackoffEvent,
            events.ProcessStateStoppedEvent,
        ):
            events.subscribe(ending, self._finish)
        events.subscribe(events.ProcessStateBackoffEvent, self._on_early_end)
        for failure in (events.ProcessStateFatalEvent, events.ProcessStateUnknownEvent):
            events.subscribe(failure, self._on_failure)

    def _log_supervisord(self, _event: object) -> None:
        self._supervisord.options.logger.handlers.append(SupervisordLog())

    def _wake_up(self, _event: object) -> None:
        self._wakeup.send()

    def _close(self, _event: object) -> None:
        # Before a reload, supervisord closes descriptors that it does not know.
        if not self._is_ending():
            self._progress.close()
            self._wakeup.close()

    def _control_descriptor(self) -> int:
        ((_, server),) = self._supervisord.options.httpservers
        return int(server.socket.fileno())

    def _all_run(self) -> bool:
        return all(
            process.get_state() == ProcessStates.RUNNING
            for group in self._supervisord.process_groups.values()
            for process in group.processes.values()
        )

    def _kill(self, program: str) -> bool:
        """Kill a running program, even one that is stopped; supervisord starts it again."""
        process = self._supervisord.process_groups[program].processes[program]
        if self._is_ending() or process.get_state() != ProcessStates.RUNNING:
            return False
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return True

    def _is_ending(self) -> bool:
        return bool(self._supervisord.options.mood == SupervisorStates.SHUTDOWN)

    def _forward(self, event: _Output) -> None:
        self._write(self._lines[event.process.config.name].feed(event.data))

    def _finish(self, event: _Change) -> None:
        if event.process.pid:
            # What a plugin has forked would keep sockets, locks and memory.
            with suppress(ProcessLookupError):
                os.killpg(event.process.pid, signal.SIGKILL)
        self._write(self._lines[event.process.config.name].end())

    def _write(self, lines: bytes) -> None:
        if lines:
            self._sink.pass_on(lines)

    def give_up(self, program: str) -> bool:
        """Stop everything: ``program`` has found that it cannot run with its configuration."""
        self._end(program, None)
        return True

    def stalled(self) -> list[str]:
        """The programs that run and make no progress, for ``comenqd ctl status``."""
        return self._progress.stalled()

    def _on_early_end(self, event: _Change) -> None:
        # supervisord makes each pause a second longer, and would give up after startretries.
        process = event.process
        longer = max(0, process.backoff - LONGEST_PAUSE_SECONDS)
        process.backoff -= longer
        process.delay -= longer
        process.spawnerr = f"{process.spawnerr}; the next start is in {process.backoff} s"
        log.warning(
            "ended_early",
            "A program could not be started or ended at once; it is started again after a pause.",
            program=process.config.name,
            pause_seconds=process.backoff,
            cause=process.spawnerr,
        )

    def _on_failure(self, event: _Change) -> None:
        self._end(event.process.config.name, event.process.spawnerr)

    def _end(self, program: str, cause: str | None) -> None:
        if self._supervisord.options.mood < SupervisorStates.RUNNING:
            # It is ending already, and gives up programs that it was about to restart.
            return
        self._failed = True
        self._supervisord.options.mood = SupervisorStates.SHUTDOWN
        log.error(
            "fatal",
            "A program cannot be kept running, so everything is stopped.",
            program=program,
            cause=cause,
        )

    def _exit(self) -> None:
        # supervisord itself ends with 0, whatever has happened.
        if self._failed:
            self._sink.flush()
            sys.stderr.flush()
            os._exit(1)
