"""Tables and colours: columns that fit the terminal, colours only where it has them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from comenq_core.cli.text_width import encodable, fit, width
from comenq_core.text import printable

__all__ = ["WIDE", "Column", "Table", "line_width", "paint"]

COLOURS = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
GAP = "  "
NARROWEST = 4
WIDE = sys.maxsize
"""A line that has room for everything."""
LONGEST_CELL = 1_000

Widths = dict[int, int]


def paint(text: str, colour: str) -> str:
    """Text in one of `COLOURS`, if standard output is a terminal and colours are not turned off.

    https://no-color.org
    """
    is_wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if not is_wanted or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[m"


def line_width() -> int | None:
    """How many columns a line may have: ``COLUMNS``, or the terminal's; ``None`` in a pipe."""
    return shutil.get_terminal_size((0, 0)).columns or None


class Column(NamedTuple):
    """A column of a table.

    Args:
        head: its title.
        least: the width to which it shrinks where there is little room; ``None`` for never.
        most: the width to which it is cut in a pipe; ``None`` for no limit.
        cut: makes text fit a width.
    """

    head: str
    least: int | None = None
    most: int | None = None
    cut: Callable[[str, int], str] = fit


class Table(NamedTuple):
    """How rows are shown.

    Args:
        columns: every column; a row has a cell for each.
        layouts: the indices of the columns to show, the best layout first. The first one that fits
            is used, shrunk from the left; if none fits, the last is cut.
        colours: the colours of cells, by their text.
        below: the column that has lines of its own, below the rows, in layouts without it.
    """

    columns: Sequence[Column]
    layouts: Sequence[Sequence[int]]
    colours: Mapping[str, str]
    below: int | None = None

    def lines(self, rows: Sequence[Sequence[object]], space: int | None) -> Iterator[str]:
        """The table, with its heads first.

        Args:
            rows: the cells, which may hold text from outside.
            space: how many columns a line may have; `WIDE` for as many as it needs; ``None`` in a
                pipe, where columns are cut only to their own ``most``.
        """
        cells = [[encodable(printable(cell, LONGEST_CELL)) for cell in row] for row in rows]
        heads = [column.head for column in self.columns]
        natural = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
        if space is None:
            natural = [
                min(most, one.most or most) for most, one in zip(natural, self.columns, strict=True)
            ]
        widths = self._fitted(dict(enumerate(natural)), WIDE if space is None else space)
        shorts = [fit(head, widths.get(index, 0)) for index, head in enumerate(heads)]
        yield self._line(shorts, widths, dict.fromkeys(shorts, "bold"))
        for row in cells:
            yield self._line(row, widths, self.colours)
            if self.below is not None and self.below not in widths and row[self.below]:
                yield GAP + row[self.below]

    def _fitted(self, natural: Widths, space: int) -> Widths:
        least = {
            index: wanted if column.least is None else min(wanted, column.least)
            for (index, wanted), column in zip(natural.items(), self.columns, strict=True)
        }
        fitting = (one for one in self.layouts if _excess(_of(least, one), space) <= 0)
        widths = _of(natural, next(fitting, self.layouts[-1]))
        shrinking = [index for index in widths if self.columns[index].least is not None]
        for floor in (least, dict.fromkeys(widths, NARROWEST)):
            for index in shrinking:
                needed = widths[index] - max(0, _excess(widths, space))
                widths[index] = max(needed, min(widths[index], floor[index]))
        return _cut(widths, space)

    def _line(self, row: Sequence[str], widths: Widths, colours: Mapping[str, str]) -> str:
        return GAP.join(
            _cell(row[index], self.columns[index].cut(row[index], space), space, colours)
            for index, space in widths.items()
        ).rstrip()


def _of(widths: Widths, indices: Sequence[int]) -> Widths:
    return {index: widths[index] for index in indices}


def _excess(widths: Widths, space: int) -> int:
    return sum(widths.values()) + len(GAP) * (len(widths) - 1) - space


def _cut(widths: Widths, space: int) -> Widths:
    """The widths of what there is space for, from the left."""
    kept = {}
    for index, wanted in widths.items():
        if space > 0:
            kept[index] = min(wanted, space)
            space -= kept[index] + len(GAP)
    return kept


def _cell(text: str, shown: str, space: int, colours: Mapping[str, str]) -> str:
    painted = paint(shown, colours[text]) if text in colours else shown
    return painted + " " * (space - width(shown))
