"""How long one client is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

__all__ = ["IdleTimeout"]


class IdleTimeout:
    """A timer that costs next to nothing to restart, since every reply restarts it.

    Args:
        loop: what measures the time.
        on_end: called once the client has taken too long.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_end: Callable[[], None]) -> None:
        self._loop = loop
        self._on_end = on_end
        self._due = inf
        self._timer: asyncio.TimerHandle | None = None
        self.since = loop.time()
        """When the client's turn began."""

    def restart(self, seconds: float) -> None:
        """It is the client's turn, for as long as this."""
        self.since = self._loop.time()
        self._due = self.since + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._set()

    def suspend(self) -> None:
        """It is not the client's turn."""
        self._due = inf

    def stop(self) -> None:
        """Wait for nothing any more."""
        self.suspend()
        if self._timer is not None:
            self._timer.cancel()

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() >= self._due:
            self.suspend()
            self._on_end()
        elif self._due < inf:
            self._set()
