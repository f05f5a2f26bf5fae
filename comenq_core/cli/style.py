"""How results look: colours on a terminal that has them, and columns that fit it."""

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
    """Text in one of `COLOURS`, if standard output is a terminal that wants them.

    https://no-color.org
    """
    is_wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if not is_wanted or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[m"


def width(text: str) -> int:
    """How many columns a terminal takes for it."""
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, room: int) -> str:
    """The beginning of the text that fits, with ``…`` in place of the rest."""
    if width(text) <= room:
        return text
    used = 0
    for index, character in enumerate(text):
        used += _columns_of(character)
        if used > room - 1:
            return text[:index] + "…" * min(1, room)
    return text


def columns(
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    shrink: int | None = None,
    colours: Mapping[str, str],
) -> list[str]:
    """A table as lines.

    Args:
        heads: the columns' titles.
        rows: the cells, which may hold text from outside.
        shrink: the index of the column that gives way where a terminal is too narrow, before the
            last ones do; without it, lines may be longer than the terminal is wide.
        colours: which cells to paint, by their text.
    """
    cells = [[printable(cell, LONGEST_CELL) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    if shrink is not None and sys.stdout.isatty():
        widths = _fitted(widths, shrink, shutil.get_terminal_size().columns)
    head = [paint(shown, "bold") for shown in _padded(heads, widths)]
    body = [_painted(row, _padded(row, widths), colours) for row in cells]
    return [GAP.join(line).rstrip() for line in (head, *body)]


def _fitted(widths: list[int], shrink: int, room: int) -> list[int]:
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - room
    first = widths[shrink] - max(0, excess)
    wanted = [*widths[:shrink], max(min(NARROWEST, widths[shrink]), first), *widths[shrink + 1 :]]
    fitted = []
    for column in wanted:
        fitted.append(max(0, min(column, room)))
        room -= column + len(GAP)
    return fitted


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    shown = [fit(cell, room) for cell, room in zip(cells, widths, strict=True)]
    return [cell + " " * (room - width(cell)) for cell, room in zip(shown, widths, strict=True)]


def _painted(cells: Sequence[str], shown: Sequence[str], colours: Mapping[str, str]) -> list[str]:
    return [
        paint(text, colours[cell]) if cell in colours else text
        for cell, text in zip(cells, shown, strict=True)
    ]
