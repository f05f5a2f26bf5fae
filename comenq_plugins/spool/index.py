"""The names in ``new/``, in memory and in order: the depth of the queue costs nothing. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import chain, islice

from comenq_plugins.spool.format.filename import Name, more_advanced

__all__ = ["Index"]


class Index:
    """The waiting jobs' names: those that may be claimed now, and those that are not due yet.

    A name whose due time has come moves to the first ones when they are asked for, and then has
    the place that its order gives it; if the clock goes back, it moves back.

    Those that may be claimed are also kept by lane, so that a lane that is closed costs nothing.

    Args:
        names: what is there to begin with, in any order.
    """

    def __init__(self, names: Iterable[Name] = ()) -> None:
        self._now = 0
        self._names: dict[str, Name] = {}
        for name in names:
            known = self._names.setdefault(name.id, name)
            if known is not name:
                self._names[name.id] = more_advanced(known, name)
        self._corrected: dict[str, bytes] = {}
        self._ready = sorted(name for name in self if not name.due)
        self._lanes = self._by_lane()
        self._later = sorted((name for name in self if name.due), key=_by_due)
        self._later_in = Counter(name.lane for name in self._later)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Name]:
        """All names, in any order."""
        return iter(self._names.values())

    def add(self, name: Name) -> None:
        """Add a name. Of two names of one job, the more advanced one stays."""
        known = self._names.get(name.id)
        if known:
            if more_advanced(name, known) == known:
                return
            self.discard(known)
        self._names[name.id] = name
        if name.due <= self._now:
            self._make_ready(name)
        else:
            insort(self._later, name, key=_by_due)
            self._later_in[self._lane(name)] += 1

    def discard(self, name: Name) -> None:
        """Remove a name, if it is there."""
        if self._names.get(name.id) != name:
            return
        del self._names[name.id]
        if name.due <= self._now:
            del self._ready[bisect_left(self._ready, name)]
            self._leave_lane(name)
        else:
            del self._later[bisect_left(self._later, _by_due(name), key=_by_due)]
            self._later_in[self._lane(name)] -= 1
        self._corrected.pop(name.id, None)

    def get(self, job_id: str) -> Name | None:
        """The name of the job with that id."""
        return self._names.get(job_id)

    def starting(self, prefix: str) -> list[Name]:
        """The names of the jobs whose ids begin with ``prefix``."""
        return [name for name in self if name.id.startswith(prefix)]

    def in_order(self, now: int, start: int = 0) -> Iterator[Name]:
        """The names in the order in which they are claimed if nothing changes, from ``start``."""
        self._advance(now)
        return islice(chain(self._ready, self._later), start, None)

    def ready(self, now: int, closed: Collection[bytes] = ()) -> Iterator[Name]:
        """The names that may be claimed at ``now`` (microseconds since 1970), in their order.

        A name may be discarded, or get another lane, once it was given.

        Args:
            closed: lanes whose names are left out.
        """
        self._advance(now)
        if closed:
            lists = [names for lane, names in self._lanes.items() if lane not in closed]
        else:
            lists = [self._ready]
        heads = [(names[0], number) for number, names in enumerate(lists) if names]
        heapify(heads)
        while heads:
            name, number = heads[0]
            yield name
            names = lists[number]
            position = bisect_right(names, name)
            if position < len(names):
                heapreplace(heads, (names[position], number))
            else:
                heappop(heads)

    def correct_lane(self, name: Name, lane: bytes) -> None:
        """Have a name that may be claimed in another lane than it says."""
        if self._lane(name) != lane and self._names.get(name.id) == name:
            self._leave_lane(name)
            self._corrected[name.id] = lane
            insort(self._lanes.setdefault(lane, []), name)

    def later(self, now: int) -> Sequence[Name]:
        """The names that are not due at ``now``, in the order in which they will be."""
        self._advance(now)
        return tuple(self._later)

    def next_due(self, now: int) -> int | None:
        """When the first name that is not due at ``now`` will be."""
        self._advance(now)
        return self._later[0].due if self._later else None

    def position(self, name: Name, now: int) -> int:
        """How many names come before this one."""
        self._advance(now)
        if name.due <= now:
            return bisect_left(self._ready, name)
        return len(self._ready) + bisect_left(self._later, _by_due(name), key=_by_due)

    def position_in(self, lane: bytes, name: Name | None, now: int) -> int:
        """How many names of a lane come before this one; without it, how many there are."""
        self._advance(now)
        ready = self._lanes.get(lane, ())
        if name is None:
            return len(ready) + self._later_in[lane]
        if name.due <= now:
            return bisect_left(ready, name)
        later = (one for one in self._later if self._lane(one) == lane)
        return len(ready) + sum(_by_due(one) < _by_due(name) for one in later)

    def _advance(self, now: int) -> None:
        """Move the names whose due time has come; or back, if the clock has gone back."""
        if now < self._now:
            early = [name for name in self._ready if name.due > now]
            self._ready = [name for name in self._ready if name.due <= now]
            self._later = sorted([*early, *self._later], key=_by_due)
            self._later_in.update(map(self._lane, early))
            self._lanes = self._by_lane()
        self._now = now
        count = bisect_right(self._later, now, key=lambda name: name.due)
        for name in self._later[:count]:
            self._make_ready(name)
            self._later_in[self._lane(name)] -= 1
        del self._later[:count]

    def _make_ready(self, name: Name) -> None:
        insort(self._ready, name)
        insort(self._lanes.setdefault(self._lane(name), []), name)

    def _leave_lane(self, name: Name) -> None:
        lane = self._lane(name)
        names = self._lanes[lane]
        del names[bisect_left(names, name)]
        if not names:
            del self._lanes[lane]

    def _lane(self, name: Name) -> bytes:
        return self._corrected.get(name.id, name.lane)

    def _by_lane(self) -> dict[bytes, list[Name]]:
        lanes: dict[bytes, list[Name]] = {}
        for name in self._ready:
            lanes.setdefault(self._lane(name), []).append(name)
        return lanes


def _by_due(name: Name) -> tuple[int, Name]:
    return name.due, name
