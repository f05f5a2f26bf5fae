"""The shape of JSON: which members there are, and what is in them; not which values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Shapes"]

KINDS = {
    bool: "true or false",
    dict: "object",
    float: "number",
    int: "number",
    list: "list",
    str: "text",
}
NAMED = {
    "entry": "entry",
    "entries": "entry",
    "history": "past entry",
    "lane": "lane",
    "lanes": "lane",
}
"""Members whose values are described once, under a name of their own."""


class Shapes:
    """Collects what values look like, each under a title."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, set[str]]] = {}

    def add(self, title: str, value: object) -> None:
        """Add another value of this title."""
        for path, kind in self._walk(value, ""):
            self._seen.setdefault(title, {}).setdefault(path, set()).add(kind)

    def __str__(self) -> str:
        titles: dict[str, list[str]] = {}
        for title, members in self._seen.items():
            lines = [
                f"    {path}: {' | '.join(sorted(kinds))}\n" for path, kinds in members.items()
            ]
            titles.setdefault("".join(sorted(lines)), []).append(title)
        return "\n".join(f"{', '.join(alike)}\n{lines}" for lines, alike in titles.items())

    def _walk(self, value: object, path: str) -> Iterator[tuple[str, str]]:
        if path:
            yield path, "null" if value is None else KINDS[type(value)]
        if isinstance(value, Mapping):
            for name, item in value.items():
                yield from self._member(name, item, f"{path}.{name}" if path else name)
        elif isinstance(value, list):
            for item in value:
                yield from self._walk(item, f"{path}[]")

    def _member(self, name: str, item: Any, path: str) -> Iterator[tuple[str, str]]:
        title = NAMED.get(name)
        if title is None:
            yield from self._walk(item, path)
            return
        yield path, f"{title}, several" if isinstance(item, list) else title
        for one in item if isinstance(item, list) else [item]:
            self.add(title, one)
