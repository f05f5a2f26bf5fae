"""Measure two things in turn, and say how many times as much the one is as the other."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


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
        runs: how often each of the two was measured.
    """

    name: str
    against: str
    ours: float
    theirs: float
    unit: str
    target: float | None = None
    at_most: bool = True
    runs: int = 0

    @property
    def ratio(self) -> float:
        """How many times as much ours is."""
        return self.ours / self.theirs if self.theirs else float("inf")

    @property
    def wanted(self) -> str:
        """The target in words."""
        return "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self.target:g}"

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached, where there is one."""
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a plot.

    Args:
        plot: the plot's name, as in `benchmarks.document.PLOTS`.
        line: what is drawn.
        points: from left to right.
    """

    plot: str
    line: str
    points: Sequence[tuple[float, float]]


def interleaved(
    ours: Callable[[], float], theirs: Callable[[], float], runs: int
) -> tuple[list[float], list[float]]:
    """Run both in turn, once unrecorded and then ``runs`` times; what each returned."""
    ours()
    theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def median(figures: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(figures)


def percentile(figures: Sequence[float], share: float) -> float:
    """The smallest figure that at least ``share`` (0 to 1) of them do not exceed."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
