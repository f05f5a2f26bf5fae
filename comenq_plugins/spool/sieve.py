"""Which ids there are for certain not, in a few bytes for each there is. Pure.

A Bloom filter of one hash, with counters so that ids can go again:
https://en.wikipedia.org/wiki/Counting_Bloom_filter
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Sieve"]

_SLOTS_EACH = 4
_LEAST = 1 << 10
_FULL = 255


class Sieve:
    """Counts ids by a hash of theirs.

    Args:
        room: how many ids there may be before most others look as if they were there, too.
    """

    def __init__(self, room: int) -> None:
        self.room = max(room, _LEAST)
        self._slots = bytearray(1 << (_SLOTS_EACH * self.room).bit_length())
        self._mask = len(self._slots) - 1

    def fill(self, ids: Iterable[str]) -> None:
        """Add ids."""
        slots, mask = self._slots, self._mask
        for job_id in ids:
            slot = hash(job_id) & mask
            if slots[slot] < _FULL:
                slots[slot] += 1

    def discard(self, job_id: str) -> None:
        """Take one away that has been added."""
        slot = hash(job_id) & self._mask
        # A counter that is full does not know how many there are.
        if self._slots[slot] < _FULL:
            self._slots[slot] -= 1

    def may_have(self, job_id: str) -> bool:
        """Whether this id may have been added; if not, it has not."""
        return self._slots[hash(job_id) & self._mask] > 0
