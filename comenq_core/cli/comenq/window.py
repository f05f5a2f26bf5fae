"""Which rows of a long list are on the screen, and which one is selected. Pure."""

from __future__ import annotations

__all__ = ["Window"]

SAME = {"k": "up", "j": "down", " ": "page down", "g": "home", "G": "end"}


class Window:
    """Rows that scroll: as many as fit, around the selected one."""

    def __init__(self) -> None:
        self.first = 0
        """The row at the top of the screen."""
        self.selected = 0
        self.rows = 1
        """How many rows fit."""
        self.total = 0
        """How many rows the list has."""

    @property
    def below(self) -> int:
        """How many rows follow those on the screen."""
        return max(0, self.total - self.first - self.rows)

    def fit(self, rows: int, total: int) -> None:
        """Adapt to the screen's and the list's size, with the selected row on the screen."""
        self.rows, self.total = max(1, rows), total
        self.select(self.selected)

    def select(self, row: int) -> None:
        """Select this row, or the nearest one that there is, and scroll as little as that needs."""
        self.selected = max(0, min(row, self.total - 1))
        last = max(0, self.total - self.rows)
        at_least = self.selected - self.rows + 1
        self.first = min(max(self.first, at_least), self.selected, last)

    def press(self, key: str) -> bool:
        """Select what the key says; return whether it is one that selects."""
        row = self._row(key, self.selected, self.selected)
        if row is not None:
            self.select(row)
        return row is not None

    def scroll(self, key: str) -> bool:
        """Scroll a text, in which nothing is selected; return whether the key scrolls."""
        row = self._row(key, self.first, self.first + self.rows - 1)
        if row is not None:
            self.select(row)
        return row is not None

    def _row(self, key: str, top: int, bottom: int) -> int | None:
        """The row that the key leads to from a range of rows."""
        rows = {
            "up": top - 1,
            "down": bottom + 1,
            "page up": top - self.rows,
            "page down": bottom + self.rows,
            "home": 0,
            "end": self.total - 1,
        }
        return rows.get(SAME.get(key, key))
