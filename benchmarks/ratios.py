"""Measure two things in turn, and say how many times as much the one is as the other."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Args:
        name: what was measured.
        against: what it was measured against.
        ours, theirs: the medians, in ``unit``.
        ratio: ours to theirs.
        target: the ratio to reach.
        at_most: whether the target is an upper bound.
        note: what else should be known.
    """

    name: str
    against: str
    ours: float
    theirs: float
    unit: str
    target: float | None = None
    at_most: bool = True
    note: str = ""
    runs: int = field(default=0)

    @property
    def ratio(self) -> float:
        """How many times as much ours is."""
        return self.ours / self.theirs if self.theirs else float("inf")

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached, where there is one."""
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def interleaved(
    ours: Callable[[], float], theirs: Callable[[], float], runs: int
) -> tuple[list[float], list[float]]:
    """Run both in turn, once unrecorded and then ``runs`` times; what each returned."""
    ours()
    theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def median(figures: list[float]) -> float:
    """The middle one."""
    return statistics.median(figures)


def percentile(figures: list[float], share: float) -> float:
    """The smallest figure that at least ``share`` (0 to 1) of them do not exceed."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
