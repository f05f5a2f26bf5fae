"""Tables and colours: columns that fit the terminal, colours only where it has them."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence

from comenq_core.text import printable

__all__ = ["columns", "fit", "paint", "width"]

COLOURS = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
GAP = "  "
NARROWEST = 10
LONGEST_CELL = 1_000


def paint(text: str, colour: str) -> str:
    """Text in one of `COLOURS`, if standard output is a terminal and colours are not turned off.

    https://no-color.org
    """
    is_wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if not is_wanted or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[m"


def width(text: str) -> int:
    """How many columns the text takes on a terminal."""
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, space: int) -> str:
    """The text, cut to ``space`` columns; ``…`` stands for what is cut."""
    if width(text) <= space:
        return text
    used = 0
    for index, character in enumerate(text):
        used += _columns_of(character)
        if used > space - 1:
            return text[:index] + "…" * min(1, space)
    return text


def columns(
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    shrink: int | None = None,
    spare: Sequence[int] = (),
    colours: Mapping[str, str],
) -> list[str]:
    """A table as lines.

    Args:
        heads: the columns' titles.
        rows: the cells, which may hold text from outside.
        shrink: the index of the column that is shortened first on a narrow terminal; without it,
            lines may be longer than the terminal is wide.
        spare: the columns to leave out if that is not enough, in this order.
        colours: the colours of cells, by their text.
    """
    cells = [[printable(cell, LONGEST_CELL) for cell in row] for row in rows]
    natural = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    widths: Mapping[int, int] = dict(enumerate(natural))
    if shrink is not None and sys.stdout.isatty():
        widths = _fitted(widths, shrink, spare, shutil.get_terminal_size().columns)
    every_head = dict.fromkeys(heads, "bold")
    return [_line(heads, widths, every_head), *(_line(row, widths, colours) for row in cells)]


def _fitted(
    widths: Mapping[int, int], shrink: int, spare: Sequence[int], space: int
) -> Mapping[int, int]:
    """The widths of those columns that are shown."""
    kept = dict(widths)
    least = min(NARROWEST, widths[shrink])
    for column in spare:
        if _excess(kept | {shrink: least}, space) <= 0:
            break
        del kept[column]
    if shrink in kept:
        kept[shrink] = max(least, kept[shrink] - max(0, _excess(kept, space)))
    for column, wanted in kept.items():
        kept[column] = max(0, min(wanted, space))
        space -= kept[column] + len(GAP)
    return kept


def _excess(widths: Mapping[int, int], space: int) -> int:
    return sum(widths.values()) + len(GAP) * (len(widths) - 1) - space


def _line(cells: Sequence[str], widths: Mapping[int, int], colours: Mapping[str, str]) -> str:
    return GAP.join(
        _cell(cells[column], space, colours) for column, space in widths.items()
    ).rstrip()


def _cell(text: str, space: int, colours: Mapping[str, str]) -> str:
    shown = fit(text, space)
    painted = paint(shown, colours[text]) if shown and text in colours else shown
    return painted + " " * (space - width(shown))
