"""The worker's signs of progress: what it does, told to its store before it does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from comenq_core.errors import ComenqError
from comenq_core.model import Activity
from comenq_core.protocols import Store

__all__ = ["STORE_SECONDS", "Heartbeat"]

STORE_SECONDS = 60.0
"""How long a step may take that asks nothing of the forge."""


class Heartbeat:
    """Reports what the worker does.

    Args:
        store: where listeners look for it.
        forge_seconds: how long a request to the forge can last.
        faults: what else does not work, each in words; ``""`` while it does.
    """

    def __init__(
        self, store: Store, forge_seconds: float, faults: Sequence[Callable[[], str]] = ()
    ) -> None:
        self._store = store
        self._forge_seconds = forge_seconds
        self._faults = faults
        self.fault = ""

    def work(self) -> None:
        """A step begins."""
        self._report("working", STORE_SECONDS)

    def wait(self, seconds: float) -> None:
        """The worker waits, at most so many seconds."""
        self._report("waiting", seconds)

    def post(self, job: str) -> None:
        """A job is posted."""
        self._report("posting", self._forge_seconds, job)

    def check(self, job: str) -> None:
        """A job's comment is looked up."""
        self._report("checking", self._forge_seconds, job)

    def ask(self) -> None:
        """The forge is asked a question."""
        self._report("asking", self._forge_seconds)

    def _report(self, doing: str, limit: float, job: str = "") -> None:
        # A store that cannot take it has a fault, which the next step meets, and tells.
        with suppress(ComenqError):
            others = filter(None, (tell() for tell in self._faults))
            now, fault = self._store.now(), self.fault or next(others, "")
            self._store.report(Activity(doing=doing, since=now, limit=limit, job=job, fault=fault))
