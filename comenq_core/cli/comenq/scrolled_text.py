"""A text on the whole screen, which scrolls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comenq_core.cli.comenq.screen import Screen
from comenq_core.cli.comenq.window import Window
from comenq_core.cli.table import paint
from comenq_core.cli.text_width import fit, wrapped

__all__ = ["ScrolledText"]


class ScrolledText:
    """Lines of any width, wrapped; below them, what does not scroll.

    Args:
        screen: where it is shown.
        lines: the text, made safe to show.

    Attributes:
        is_read: whether its end was shown.
    """

    def __init__(self, screen: Screen, lines: Iterable[str]) -> None:
        self._screen = screen
        self._lines = tuple(lines)
        self._window = Window()
        self._width = 0
        self.is_read = False
        self._wrapped: Sequence[str] = ()

    def scroll(self, key: str) -> bool:
        """Scroll, if the key does that; return whether it does."""
        return self._window.scroll(key)

    def draw(self, footer: Iterable[str], heading: str = "") -> None:
        """Show as much of the text as there is room for.

        Args:
            footer: texts from outside or our own, each on lines of its own; empty ones are left
                out.
            heading: a line above the text.
        """
        width, height = self._screen.size()
        if width != self._width:
            self._width, self._wrapped = width, _wrapped(self._lines, width)
        above = [paint(fit(heading, width), "bold")] if heading else []
        below = _wrapped(filter(None, footer), width)
        self._window.fit(height - len(above) - 1 - len(below), len(self._wrapped))
        first, rows = self._window.first, self._window.rows
        self.is_read = self.is_read or not self._window.below
        more = f"  … {self._window.below:,} more below" if self._window.below else ""
        shown = self._wrapped[first : first + rows]
        self._screen.draw([*above, *shown, fit(more, width), *below][:height])


def _wrapped(lines: Iterable[str], width: int) -> Sequence[str]:
    return [part for line in lines for part in wrapped(line, width)]
