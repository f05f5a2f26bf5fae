"""Cuts a listing into replies of a bounded size, however many jobs there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from comenq_core.wire.strict_json import encode

__all__ = ["Page"]

T = TypeVar("T")

REPLY_BYTES = 1024 * 1024
"""A reply that has so much is ended, as a request would be."""
LOOKED_AT = 1_000
"""So many jobs are looked at for one reply, since meanwhile other clients wait."""
AT_ONCE = 64


@dataclass
class Page:
    """Part of a listing.

    Args:
        limit: how many jobs it may have; ``None`` for as many as fit.
        offset: how many jobs of the listing stand before it.
    """

    limit: int | None
    offset: int
    values: list[dict[str, Any]] = field(default_factory=list)
    next: int | None = None
    """How many jobs stand before the page after this one; ``None`` if there is none."""

    def fill(
        self,
        read: Callable[[int, int], Sequence[T | None]],
        show: Callable[[T], dict[str, Any]],
    ) -> None:
        """Look at jobs until the page is full or there are no more.

        Args:
            read: given a limit and an offset, returns jobs, or ``None`` for some that are passed
                over.
            show: makes of a job what the reply has of it.
        """
        seen, size, are_more = 0, 0, True
        while are_more:
            asked = self._next_few(seen - len(self.values))
            jobs = read(asked, self.offset + seen)
            are_more = len(jobs) == asked
            for job in jobs:
                is_full = size >= REPLY_BYTES or len(self.values) == self.limit
                if seen >= LOOKED_AT or (job is not None and is_full):
                    self.next = self.offset + seen
                    return
                seen += 1
                if job is not None:
                    self.values.append(show(job))
                    size += len(encode(self.values[-1]))

    def _next_few(self, passed_over: int) -> int:
        """How many jobs to read next.

        One more than fits tells whether there is another page; and where many were passed over,
        as many more may be.
        """
        fit = AT_ONCE if self.limit is None else self.limit - len(self.values) + 1
        return min(AT_ONCE, fit + passed_over)
