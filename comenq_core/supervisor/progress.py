"""Restarts a part of the daemon that runs and makes no progress, from inside supervisord's loop."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from typing import Any

from supervisor import events

from comenq_core.policy.remedy import Remedy
from comenq_core.process.log import Log
from comenq_core.supervisor.question import Question
from comenq_core.supervisor.systemd import Report

__all__ = ["Progress"]

_PERIOD_SECONDS = 60.0
"""Counting the queue costs the listener something: where all is well, it is asked no more often."""

log = Log("supervisor")


class Progress:
    """Asks the listener for the status, reports it, and has a part killed that does not go on.

    What a restart does not mend (an outage, a refused credential) is no matter here.

    Args:
        status_socket: where the listener answers the operation ``status``; if it is empty, the
            programs count as progressing while they run.
        dispatchers: what supervisord's loop waits for, by descriptor.
        kill: kills a running part, which supervisord then starts again; whether it could.
        report: what the service manager is told.
        clock: seconds that nobody sets.
    """

    def __init__(
        self,
        status_socket: str,
        dispatchers: MutableMapping[int, object],
        kill: Callable[[str], bool],
        report: Report,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._question = (
            Question(status_socket, dispatchers, self._answer) if status_socket else None
        )
        self._kill = kill
        self._report = report
        self._clock = clock
        self._remedy = Remedy(clock())
        self._next = 0.0
        self._is_told = False
        events.subscribe(events.Tick5Event, self.check)
        events.subscribe(events.ProcessStateRunningEvent, self.ask)

    def check(self, event: object) -> None:
        """Ask again where it is time to; restart what has to be restarted."""
        now = self._clock()
        if now >= self._next or self.stalled() or not self._report.is_ready:
            self.ask(event)
        part = self._remedy.due(now)
        if part and self._kill(part):
            self.close()
            self._remedy.restarted(now)
            log.error("no_progress", "A program runs and makes no progress: it is killed, and"
                      " started again.", program=part)  # fmt: skip
        if not self.is_stuck():
            self._report.reset_watchdog()
        elif not self._is_told:
            log.error("stuck", "A program makes no progress, and restarts do not help.",
                      program=",".join(self.stalled()))  # fmt: skip
        self._is_told = self.is_stuck()

    def ask(self, _event: object) -> None:
        """Ask now."""
        self._next = self._clock() + _PERIOD_SECONDS
        if self._question is None:
            self._answer({"status": {}})
            return
        try:
            self._question.ask()
        except OSError:
            self._report.update(None)

    def close(self) -> None:
        """Wait for no reply any more."""
        if self._question:
            self._question.close()

    def stalled(self) -> list[str]:
        """The parts that make no progress now."""
        return self._remedy.stalled(self._clock())

    def is_stuck(self) -> bool:
        """Whether restarts do not help."""
        return self._remedy.is_beyond_restarts(self._clock())

    def _answer(self, reply: dict[str, Any]) -> None:
        status = reply.get("status")
        # An error is an answer as well.
        is_stalled = isinstance(status, dict) and bool(status.get("stalled"))
        self._remedy.answer(self._clock(), is_stalled=is_stalled)
        self._report.update(status if isinstance(status, dict) else None)
