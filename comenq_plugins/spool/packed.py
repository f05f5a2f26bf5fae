"""A long row of file names in order, at about their own length each. Pure.

A million names as a list of strings take 120 MB; joined, a few hundred to a string, 50 MB.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

__all__ = ["Packed", "pack", "unpack"]

_BETWEEN = "/"
"""No file name has it in it."""

_AFTER = "~"
"""Sorts behind `_BETWEEN` and behind all that names consist of."""

_RUN = 1 << 17
"""Names that are sorted at a time, so that never all of them are strings of their own."""


def pack(names: Iterable[str]) -> str:
    """File names, joined; at least one."""
    return _BETWEEN.join(names)


def unpack(block: str) -> list[str]:
    """The names that were joined."""
    return block.split(_BETWEEN)


class Packed:
    """Names, none of which begins another; they sort as texts.

    What is loaded is sorted when somebody asks for the order, not before.

    Args:
        block: how many names are joined to one string, more or less.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._blocks: list[str] = []
        self._sizes: list[int] = []
        self._loose: list[str] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def blocks(self) -> Iterator[str]:
        """All names, in whatever order, packed."""
        yield from self._blocks
        yield from self._loose

    def load(self, names: list[str]) -> None:
        """Add many that are not there yet, in whatever order."""
        if names:
            self._loose.append(pack(names))
            self._length += len(names)

    def add(self, name: str) -> bool:
        """Add one, if it is not there yet; whether it was not."""
        self._sort()
        place, names = self._open(name)
        where = bisect_left(names, name)
        if names[where : where + 1] == [name]:
            return False
        names.insert(where, name)
        self._close(place, names)
        return True

    def discard(self, name: str) -> bool:
        """Remove one, if it is there; whether it was."""
        self._sort()
        place, names = self._open(name)
        where = bisect_left(names, name)
        if names[where : where + 1] != [name]:
            return False
        del names[where]
        self._close(place, names)
        return True

    def take(self) -> list[str]:
        """Remove the first few, and return them."""
        self._sort()
        names = unpack(self._blocks[0]) if self._blocks else []
        self._close(0, [])
        return names

    def rank(self, name: str) -> int:
        """How many names sort before this one."""
        self._sort()
        place, names = self._open(name)
        return sum(self._sizes[:place]) + bisect_left(names, name)

    def since(self, start: int) -> Iterator[str]:
        """All names but the first few, in order."""
        self._sort()
        for block, size in zip(self._blocks, self._sizes, strict=True):
            if start < size:
                yield from unpack(block)[start:]
            start = max(0, start - size)

    def _open(self, name: str) -> tuple[int, list[str]]:
        """The block where a name stands or would stand, and what is in it."""
        if not self._blocks:
            return 0, []
        # A block compares as its first name does, since no name begins another.
        place = max(0, bisect(self._blocks, name + _AFTER) - 1)
        return place, unpack(self._blocks[place])

    def _close(self, place: int, names: list[str]) -> None:
        half = len(names) // 2 if len(names) > 2 * self._block else len(names)
        parts = [part for part in (names[:half], names[half:]) if part]
        self._length += len(names) - sum(self._sizes[place : place + 1])
        self._blocks[place : place + 1] = map(pack, parts)
        self._sizes[place : place + 1] = map(len, parts)

    def _sort(self) -> None:
        if not self._loose:
            return
        # Each of these is emptied as it is read, so that hardly anything is in memory twice.
        runs, loose = [self._blocks], _emptied(self._loose)
        while names := sorted(islice(loose, _RUN)):
            runs.append([pack(part) for part in _parts(iter(names), self._block)])
        self._blocks, self._sizes = [], []
        for part in _parts(merge(*map(_emptied, runs)), self._block):
            self._blocks.append(pack(part))
            self._sizes.append(len(part))


def _emptied(blocks: list[str]) -> Iterator[str]:
    blocks.reverse()
    while blocks:
        yield from unpack(blocks.pop())


def _parts(names: Iterator[str], size: int) -> Iterator[list[str]]:
    return iter(lambda: list(islice(names, size)), [])
