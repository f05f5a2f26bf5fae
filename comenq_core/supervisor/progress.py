"""Restarts a part of the daemon that runs and makes no progress, from inside supervisord's loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from supervisor import events

from comenq_core.policy.remedy import Remedy
from comenq_core.process.log import Log
from comenq_core.supervisor.question import Question

__all__ = ["Progress"]

_PERIOD_SECONDS = 60.0
"""Counting the queue costs the listener something: where all is well, it is asked no more often."""

log = Log("supervisor")


class Progress:
    """Asks the listener for the status, and has a part killed that does not go on.

    What a restart does not mend (an outage, a refused credential) is no matter here.

    Args:
        status_socket: where the listener answers the operation ``status``.
        kill: kills a running part, which supervisord then starts again; whether it could.
        clock: seconds that nobody sets.
    """

    def __init__(
        self,
        status_socket: str,
        kill: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._status_socket = status_socket
        self._kill = kill
        self._clock = clock
        self._remedy = Remedy(clock())
        self._question: Question | None = None
        self._next = 0.0
        self._is_told = False
        events.subscribe(events.Tick5Event, self.check)

    def check(self, _event: object) -> None:
        """Read the reply or ask again; restart what has to be restarted."""
        now = self._clock()
        with suppress(OSError):
            self._ask(now)
        part = self._remedy.due(now)
        if part and self._kill(part):
            self._close()
            self._remedy.restarted(now)
            log.error("no_progress", "A program runs and makes no progress: it is killed, and"
                      " started again.", program=part)  # fmt: skip
        if self.is_stuck() and not self._is_told:
            log.error("stuck", "A program makes no progress, and restarts do not help.",
                      program=",".join(self.stalled()))  # fmt: skip
        self._is_told = self.is_stuck()

    def stalled(self) -> list[str]:
        """The parts that make no progress now."""
        return self._remedy.stalled(self._clock())

    def is_stuck(self) -> bool:
        """Whether restarts do not help."""
        return self._remedy.is_beyond_restarts(self._clock())

    def _ask(self, now: float) -> None:
        if self._question is None:
            if now < self._next and not self.stalled():
                return
            self._question = Question(self._status_socket)
            self._next = now + _PERIOD_SECONDS
        try:
            reply = self._question.reply()
        except OSError:
            self._close()
            raise
        if reply is not None:
            self._close()
            self._remedy.answer(now, is_stalled=_has_stalled(reply))

    def _close(self) -> None:
        if self._question is not None:
            self._question.close()
        self._question = None


def _has_stalled(reply: dict[str, Any]) -> bool:
    """Whether the worker makes no progress; an error is an answer as well."""
    status = reply.get("status")
    return isinstance(status, dict) and bool(status.get("stalled"))
