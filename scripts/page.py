"""A page of text, to which parts are added at the end."""

from __future__ import annotations

import re
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterable

__all__ = ["Page"]


class Page(ABC):
    """What the manual and the documentation have in common."""

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def heading(self, text: str) -> None:
        """Start a section."""

    @abstractmethod
    def subheading(self, text: str) -> None:
        """Start a subsection."""

    @abstractmethod
    def paragraph(self, text: str) -> None:
        """Add text, in which `this` and ``that`` are code, and *that* is stressed."""

    @abstractmethod
    def term(self, term: str, text: str) -> None:
        """Add a term with its explanation."""

    @abstractmethod
    def example(self, lines: Iterable[str]) -> None:
        """Add lines without changing them."""

    def text(self, text: str) -> None:
        """Add paragraphs, lists of `name: meaning` and indented examples, as docstrings have them.

        A line that ends with a colon becomes the title of the indented list that follows.
        """
        for block in re.split(r"\n\s*\n", textwrap.dedent(text).strip("\n")):
            lines = block.splitlines()
            if all(line.startswith("    ") for line in lines):
                self.example(textwrap.dedent(block).splitlines())
            elif lines[0].endswith(":") and all(line.startswith("  ") for line in lines[1:]):
                self._titled(lines)
            else:
                self.paragraph(re.sub(r"::$", ":", " ".join(map(str.strip, lines))))

    def _titled(self, lines: list[str]) -> None:
        self.paragraph(lines[0])
        rest = textwrap.dedent("\n".join(lines[1:]))
        entries = re.findall(r"^(\S[^:\n]*): (.*(?:\n .*)*)", rest, re.MULTILINE)
        if sum(1 + entry[1].count("\n") for entry in entries) == len(lines) - 1:
            for term, meaning in entries:
                self.term(term, " ".join(meaning.split()))
        else:
            self.example(rest.splitlines())
