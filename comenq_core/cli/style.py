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
            return text[:index] + "…"
    return text


def columns(
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    shrink: int,
    colours: Mapping[str, str],
) -> list[str]:
    """A table as lines; on a terminal, no line is wider than it.

    Args:
        heads: the columns' titles.
        rows: the cells, which may hold text from outside.
        shrink: the index of the column that is cut short where there is no room.
        colours: which cells to paint, by their text.
    """
    cells = [[printable(cell, LONGEST_CELL) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    if sys.stdout.isatty():
        excess = sum(widths) + len(GAP) * (len(widths) - 1) - shutil.get_terminal_size().columns
        widths[shrink] = max(NARROWEST, widths[shrink] - max(0, excess))
    lines = [
        _line(
            [paint(_padded(head, room), "bold") for head, room in zip(heads, widths, strict=True)]
        )
    ]
    for row in cells:
        padded = [_padded(cell, room) for cell, room in zip(row, widths, strict=True)]
        painted = [
            paint(shown, colours[cell]) if cell in colours else shown
            for cell, shown in zip(row, padded, strict=True)
        ]
        lines.append(_line(painted))
    return lines


def _padded(text: str, room: int) -> str:
    shown = fit(text, room)
    return shown + " " * (room - width(shown))


def _line(cells: Sequence[str]) -> str:
    return GAP.join(cells).rstrip()
