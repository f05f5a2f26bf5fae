"""The line: its first names at hand, the long rest of it packed. Pure.

So a queue of usual length costs what a sorted list costs; and one of a million names neither
much memory nor, until somebody asks for its far end, the time to sort it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from comenq_plugins.spool.packed import Packed, pack

__all__ = ["Line"]


class Line:
    """File names in the order of their texts.

    Args:
        window: how many of the first names, at most twice as many, are at hand.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        # All of these sort before all that is far; none are at hand only if none are far.
        self._near: list[str] = []
        self._far = Packed(block=max(1, window // 40))

    def __len__(self) -> int:
        return len(self._near) + len(self._far)

    def blocks(self) -> Iterator[str]:
        """All names, in whatever order, packed."""
        if self._near:
            yield pack(self._near)
        yield from self._far.blocks()

    def load(self, names: list[str]) -> None:
        """Add many that are not there yet, in whatever order."""
        if self._far:
            horizon = self._near[-1]
            self._far.load([name for name in names if name > horizon])
            names = [name for name in names if name < horizon]
        self._near += names
        self._near.sort()
        self._narrow()

    def add(self, name: str) -> bool:
        """Add one, if it is not there yet; whether it was not."""
        if self._is_far(name):
            return self._far.add(name)
        place = bisect_left(self._near, name)
        if self._near[place : place + 1] == [name]:
            return False
        self._near.insert(place, name)
        self._narrow()
        return True

    def discard(self, name: str) -> bool:
        """Remove one, if it is there; whether it was."""
        if self._is_far(name):
            return self._far.discard(name)
        place = bisect_left(self._near, name)
        if self._near[place : place + 1] != [name]:
            return False
        del self._near[place]
        if not self._near:
            self._near = self._far.take()
        return True

    def first(self) -> str | None:
        """The name that sorts before all others."""
        return self._near[0] if self._near else None

    def rank(self, name: str) -> int:
        """How many names sort before this one."""
        if self._is_far(name):
            return len(self._near) + self._far.rank(name)
        return bisect_left(self._near, name)

    def since(self, start: int) -> Iterator[str]:
        """All names but the first few, in order."""
        yield from self._near[start:]
        yield from self._far.since(max(0, start - len(self._near)))

    def _is_far(self, name: str) -> bool:
        return bool(self._far) and name > self._near[-1]

    def _narrow(self) -> None:
        if len(self._near) > 2 * self._window:
            self._far.load(self._near[self._window :])
            del self._near[self._window :]
