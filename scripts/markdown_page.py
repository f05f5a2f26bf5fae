"""Writes pages of the documentation in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from page import Page

__all__ = ["MarkdownPage", "table"]


class MarkdownPage(Page):
    """A page of the documentation, to which text is added at the end.

    Args:
        title: its title.
    """

    def __init__(self, title: str) -> None:
        self._blocks = [f"# {title}"]
        self._terms: list[tuple[str, str]] = []

    def __str__(self) -> str:
        self._end_terms()
        return "\n\n".join([*self._blocks, ""]).rstrip("\n") + "\n"

    def heading(self, text: str) -> None:
        """Start a section."""
        self._add(f"## {text}")

    def subheading(self, text: str) -> None:
        """Start a subsection."""
        self._add(f"### {text}")

    def paragraph(self, text: str) -> None:
        """Add text as it is but for what Markdown would take for HTML."""
        self._add(_plain(text))

    def term(self, term: str, text: str) -> None:
        """Add a row to the table of terms, or begin one."""
        self._terms.append((f"`{term}`", _plain(text)))

    def example(self, lines: Iterable[str]) -> None:
        """Add lines without changing them."""
        self._add("\n".join(f"    {line}".rstrip() for line in lines))

    def _add(self, block: str) -> None:
        self._end_terms()
        self._blocks.append(block)

    def _end_terms(self) -> None:
        if self._terms:
            self._blocks.append("\n".join(table(("", ""), self._terms)))
            self._terms = []


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table."""
    heads = list(heads)
    yield _row(heads)
    yield f"|{' --- |' * len(heads)}"
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """Text whose angle brackets and stars are what they are, outside code."""
    parts = re.split(r"(``?[^`]+``?)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else _escaped(part) for part in parts)


def _escaped(text: str) -> str:
    text = text.replace("<", "&lt;")
    return re.sub(r"(?<![\w*])\*(?!\w+\*)|(?<=/)\*", r"\\*", text)
