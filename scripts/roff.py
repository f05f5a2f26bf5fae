"""Writes manual pages in roff.

https://man7.org/linux/man-pages/man7/groff_man.7.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from page import Page

__all__ = ["ManualPage"]


class ManualPage(Page):
    """A manual page, to which text is added at the end.

    Args:
        name: the page's name.
        section: the section of the manual.
        summary: what the page is about, in a few words.
    """

    def __init__(self, name: str, section: int, summary: str) -> None:
        # Without a date, so that the same source always gives the same page.
        self._lines = [f'.TH "{name.upper()}" "{section}" "" "comenq" ""']
        self.heading("Name")
        self._lines.append(rf"{_escaped(name)} \- {_escaped(summary)}")

    def __str__(self) -> str:
        return "\n".join([*self._lines, ""])

    def heading(self, text: str) -> None:
        """Start a section."""
        self._lines.append(f".SH {_escaped(text.upper())}")

    def subheading(self, text: str) -> None:
        """Start a subsection."""
        self._lines.append(f".SS {_escaped(text)}")

    def paragraph(self, text: str) -> None:
        """Add text, in which `this` and ``that`` become bold, and *that* becomes italic."""
        self._lines += [".PP", _inline(text)]

    def item(self, text: str) -> None:
        """Add a list item."""
        self._lines += [r".IP \(bu 2", _inline(text)]

    def term(self, term: str, text: str) -> None:
        """Add a term with its explanation."""
        self._lines += [".TP", rf"\fB{_escaped(term)}\fP", _inline(text)]

    def example(self, lines: Iterable[str]) -> None:
        """Add lines without changing them."""
        self._lines += [".PP", ".RS 4", ".nf", *map(_escaped, lines), ".fi", ".RE"]


def _escaped(text: str) -> str:
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text


def _inline(text: str) -> str:
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    text = re.sub(r"(``?)([^`]+)\1", r"\\fB\2\\fP", _escaped(text))
    return re.sub(r"\*(\w+)\*", r"\\fI\1\\fP", text)
