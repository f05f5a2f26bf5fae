"""Takes code and HTML comments out of Markdown, line by line. Pure."""

from __future__ import annotations

import re

__all__ = ["Scanner"]

_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_INDENTED = re.compile(r" {4}|\t| {1,3}\t")
_ASIDE = re.compile(r"<(/?)(pre|blockquote)[\s>]", re.IGNORECASE)


class Scanner:
    """Reads lines in order; ``markers`` collects what HTML comments say."""

    def __init__(self) -> None:
        self.markers: list[str] = []
        self._fence = ""
        self._comment: list[str] | None = None
        self._aside = 0

    @property
    def is_open(self) -> bool:
        """Whether the next line belongs to code or to a comment that has begun."""
        return bool(self._fence) or self._comment is not None or self._aside > 0

    def visible(self, line: str) -> str | None:
        """What a line shows besides comments; ``None`` if it is code, or quoted in HTML."""
        if self._fence:
            bare = line.strip()
            if bare.startswith(self._fence) and not bare.strip(self._fence[0]):
                self._fence = ""
            return None
        if self._comment is None and self._aside == 0 and _INDENTED.match(line):
            return None
        shown = self._without_comments(line)
        was_aside = self._aside > 0
        begins = was_aside or _ASIDE.match(shown.lstrip() + " ") is not None
        tags = [found[1] for found in _ASIDE.finditer(f"{shown} ")] if begins else []
        for is_end in tags:
            self._aside = max(0, self._aside + (-1 if is_end else 1))
        if was_aside or tags:
            return None
        if fence := _FENCE.match(shown):
            self._fence = fence[1]
            return None
        return shown

    def _without_comments(self, line: str) -> str:
        shown: list[str] = []
        rest = line
        while rest:
            if self._comment is None:
                text, opening, rest = rest.partition("<!--")
                shown.append(text)
                if opening:
                    self._comment = []
            else:
                said, closing, rest = rest.partition("-->")
                self._comment.append(said)
                if closing:
                    self.markers.append(" ".join(self._comment))
                    self._comment = None
        return "".join(shown)
