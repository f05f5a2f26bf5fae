"""What bears upon all jobs alike, read from the store once for each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from comenq_core.model import Health, Instant, Pacing, Pause
from comenq_core.protocols import Store

__all__ = ["Conditions"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """The store at one moment, without its jobs.

    Args:
        now: the time by the store's clock.
        records: the pacing records, by posting account.
        paused: the operator's pause, if there is one.
        health: what the store says of itself.
    """

    now: Instant
    records: Mapping[str, Pacing]
    paused: Pause | None
    health: Health

    @classmethod
    def of(cls, store: Store) -> Self:
        """The store now. Read the jobs before: a worker may take one of them meanwhile."""
        return cls(store.now(), store.pacing(), store.paused(), store.health())

    @property
    def trouble(self) -> str:
        """Why nothing is posted, a word of `comenq_core.model.Entry`, or ``""``."""
        if self.paused:
            return "paused"
        return "no_worker" if self.health.working is False else ""
