"""What happened on each of the last days: posted, refused and waiting comments. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from comenq_core.model import Job, State

__all__ = ["Chart", "Day", "chart", "days_of"]

DAY_WIDTH, BAR_WIDTH = 23, 15
LEFT, RIGHT = 38, 12
LINE_TOP, LINE_HEIGHT = 22, 60
BARS_TOP, BARS_HEIGHT = 116, 80
LABEL_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in UTC.

    Args:
        date: which.
        posted: comments that were posted.
        refused: attempts that ended otherwise.
        waiting: comments that were not settled at its end, or now.
    """

    date: date
    posted: int
    refused: int
    waiting: int


def days_of(
    jobs: Iterable[Job], arrivals: Mapping[date, float], waiting: int, today: date, count: int
) -> Sequence[Day]:
    """The last days, the oldest first.

    Args:
        jobs: the settled jobs.
        arrivals: how many of those that wait have arrived on each day; an estimate will do.
        waiting: how many wait now.
        today: the last day.
        count: how many days.
    """
    posted: Counter[date] = Counter()
    refused: Counter[date] = Counter()
    more: Counter[date] = Counter()
    for job in jobs:
        settled = _day(job.settled or job.arrived)
        posted[settled] += job.state is State.POSTED
        more[_day(job.arrived)] += 1
        more[settled] -= 1
        refused.update(_day(one.ended) for one in job.attempts if one.account and one.fault)
    days, still = [], float(waiting)
    for number in range(count):
        day = today - timedelta(days=number)
        days.append(
            Day(date=day, posted=posted[day], refused=refused[day], waiting=max(0, round(still)))
        )
        still -= more[day] + arrivals.get(day, 0.0)
    return days[::-1]


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day's bar: posted comments below, refused attempts above."""

    x: float
    posted: float
    refused: float
    day: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The plot's numbers, in its own units.

    Args:
        width, height: of the whole.
        left, right: where the plot begins and ends.
        base: the bottom of the bars.
        line_base: the bottom of the line of those that wait.
        bars: one for each day.
        line: the points of the line.
        labels: days that are named below, with their places.
        most: the most that were posted and refused on a day.
        most_waiting: the most that have waited.
    """

    width: int
    height: int
    left: int
    right: int
    base: int
    line_base: int
    bars: Sequence[Bar]
    line: str
    labels: Sequence[tuple[float, date]]
    most: int
    most_waiting: int
    bar_width: int = BAR_WIDTH
    line_top: int = LINE_TOP
    bars_top: int = BARS_TOP


def chart(days: Sequence[Day]) -> Chart:
    """Where everything is drawn."""
    most = max([one.posted + one.refused for one in days] + [1])
    most_waiting = max([one.waiting for one in days] + [1])
    base, line_base = BARS_TOP + BARS_HEIGHT, LINE_TOP + LINE_HEIGHT
    bars, points, labels = [], [], []
    for number, day in enumerate(days):
        x = LEFT + number * DAY_WIDTH + (DAY_WIDTH - BAR_WIDTH) / 2
        scale = BARS_HEIGHT / most
        bars.append(
            Bar(x=x, posted=round(day.posted * scale, 1), refused=round(day.refused * scale, 1),
                day=day)
        )  # fmt: skip
        y = line_base - LINE_HEIGHT * day.waiting / most_waiting
        points.append(f"{x + BAR_WIDTH / 2:.1f},{y:.1f}")
        if (len(days) - 1 - number) % LABEL_DAYS == 0:
            labels.append((x + BAR_WIDTH / 2, day.date))
    right = LEFT + len(days) * DAY_WIDTH
    return Chart(
        width=right + RIGHT,
        height=base + 24,
        left=LEFT,
        right=right,
        base=base,
        line_base=line_base,
        bars=bars,
        line=" ".join(points),
        labels=labels,
        most=most,
        most_waiting=most_waiting,
    )
