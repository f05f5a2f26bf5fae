"""The names in ``new/``, in memory and in order: so depth costs nothing. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from comenq_plugins.spool.names import Name

__all__ = ["Index"]


def _by_due(name: Name) -> tuple[int, Name]:
    return (name.due, name)


class Index:
    """Job names, split into those that may be claimed at once and those that are not due yet.

    A name whose due time has come moves over when it is asked for, and then has the place in
    the line that its order gives it; if the clock is set back, it moves back.
    """

    def __init__(self, names: Iterable[Name] = ()) -> None:
        self._by_id = {name.id: name for name in names}
        self._ready = sorted(name for name in self._by_id.values() if not name.due)
        self._later = sorted((n for n in self._by_id.values() if n.due), key=_by_due)
        self._now = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Name]:
        return iter(self._by_id.values())

    def line(self, now: int) -> list[Name]:
        """All names, in the order in which they are to be claimed as things stand at ``now``."""
        self._promote(now)
        return [*self._ready, *self._later]

    def add(self, name: Name) -> None:
        """Know a name; another one with the same id is forgotten."""
        if known := self._by_id.get(name.id):
            self.discard(known)
        self._by_id[name.id] = name
        if name.due:
            insort(self._later, name, key=_by_due)
        else:
            insort(self._ready, name)

    def discard(self, name: Name) -> None:
        """Forget a name, if it is known."""
        if self._by_id.get(name.id) != name:
            return
        del self._by_id[name.id]
        place = bisect_left(self._ready, name)
        if self._ready[place : place + 1] == [name]:
            del self._ready[place]
        else:
            del self._later[bisect_left(self._later, _by_due(name), key=_by_due)]

    def get(self, job_id: str) -> Name | None:
        """The name of the job with that id."""
        return self._by_id.get(job_id)

    def starting(self, prefix: str) -> list[Name]:
        """The names of the jobs whose ids begin with ``prefix``."""
        return [name for job_id, name in self._by_id.items() if job_id.startswith(prefix)]

    def first(self, now: int) -> Name | None:
        """The name to claim next at ``now`` (microseconds since 1970)."""
        self._promote(now)
        return self._ready[0] if self._ready else None

    def next_due(self, now: int) -> int | None:
        """When the first name that is not due at ``now`` will be."""
        self._promote(now)
        return self._later[0].due if self._later else None

    def position(self, name: Name, now: int) -> int:
        """How many names come before this one."""
        self._promote(now)
        place = bisect_left(self._ready, name)
        if name.due and self._ready[place : place + 1] != [name]:
            return len(self._ready) + bisect_left(self._later, _by_due(name), key=_by_due)
        return place

    def _promote(self, now: int) -> None:
        if now < self._now:
            self._later = sorted((n for n in self._by_id.values() if n.due > now), key=_by_due)
            self._ready = sorted(n for n in self._by_id.values() if n.due <= now)
        self._now = now
        while self._later and self._later[0].due <= now:
            insort(self._ready, self._later.pop(0))
