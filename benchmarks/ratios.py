"""Measures two things in turn, and computes the ratio of the results."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Spread(NamedTuple):
    """The quartiles of the pairs' ratios: half of the ratios are from low to high."""

    low: float
    middle: float
    high: float


class Pairs(NamedTuple):
    """Two series, measured in turn: the first of ours belongs to the first of theirs."""

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def spread(self) -> Spread:
        """The ratios, ours to theirs: the two of a pair were measured at the same moment."""
        ratios = [a / b for a, b in zip(self.ours, self.theirs, strict=True)]
        return Spread(*statistics.quantiles(ratios, n=4, method="inclusive"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Args:
        name: what was measured.
        against: what it is compared with.
        ours, theirs: the medians, in ``unit``.
        spread: the ratios of the pairs, if it was measured in pairs.
        target: the ratio to reach.
        at_most: whether the target is an upper bound.
        runs: how often each of the two was measured.
    """

    name: str
    against: str
    ours: float
    theirs: float
    unit: str
    spread: Spread | None = None
    target: float | None = None
    at_most: bool = True
    runs: int = 1

    @property
    def ratio(self) -> float:
        """The ratio of ours to theirs."""
        return self.spread.middle if self.spread else self.ours / self.theirs

    @property
    def half(self) -> str:
        """The range of the middle half of the ratios, as text."""
        return f"{self.spread.low:.2f} to {self.spread.high:.2f}" if self.spread else ""

    @property
    def wanted(self) -> str:
        """The target as text."""
        return "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self.target:g}"

    @property
    def reached(self) -> bool | None:
        """Whether the target is met, or ``None`` without a target."""
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a plot.

    Args:
        plot: the plot's name, as in `benchmarks.document.PLOTS`.
        line: the name of the line.
        points: from left to right.
    """

    plot: str
    line: str
    points: Sequence[tuple[float, float]]


def row(
    pairs: Pairs,
    *,
    name: str,
    against: str,
    unit: str,
    scale: float = 1.0,
    target: float | None = None,
    at_most: bool = True,
) -> Row:
    """The row for a measurement in pairs; ``scale`` converts the figures to ``unit``."""
    return Row(
        name=name,
        against=against,
        ours=median(pairs.ours) * scale,
        theirs=median(pairs.theirs) * scale,
        unit=unit,
        spread=pairs.spread,
        target=target,
        at_most=at_most,
        runs=len(pairs.ours),
    )


def interleaved(ours: Callable[[], float], theirs: Callable[[], float], runs: int) -> Pairs:
    """Run both in turn, once as a warm-up and then ``runs`` times; return the results."""
    ours()
    theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return Pairs([a for a, _ in pairs], [b for _, b in pairs])


def median(figures: Sequence[float]) -> float:
    """The median."""
    return statistics.median(figures)


def percentile(figures: Sequence[float], share: float) -> float:
    """The smallest figure that at least ``share`` (0 to 1) of the figures do not exceed."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def in_parts(pairs: Pairs, share: float, parts: int) -> Pairs:
    """The percentiles of parts of a long series, so that their ratios have a spread."""
    size = len(pairs.ours) // parts

    def cut(figures: Sequence[float]) -> Sequence[float]:
        return [percentile(figures[n * size : (n + 1) * size], share) for n in range(parts)]

    return Pairs(cut(pairs.ours), cut(pairs.theirs))
