"""The names in ``new/``, in memory and in order: so depth costs nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain

from comenq_plugins.spool.format.filename import Name, ids_in, names_with_due
from comenq_plugins.spool.line import Line
from comenq_plugins.spool.packed import unpack
from comenq_plugins.spool.sieve import Sieve

__all__ = ["WINDOW", "Index"]

WINDOW = 20_480
"""Names at the head of the line that are at hand; about as many as Postfix keeps active."""

_LATELY = 4_096
_FOLLOWING = 256
_DUE_WIDTH = 18


class Index:
    """Job names, split into those that may be claimed at once and those that are not due yet.

    A name whose due time has come moves over when it is asked for, and then has the place in
    the line that its order gives it; if the clock is set back, it moves back.

    Args:
        window: how many names of each kind are at hand, the others being packed.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self._ready = Line(window)
        self._later = Line(window)
        self._now = 0
        self._lately: dict[str, str] = {}
        self._sieve: Sieve | None = None

    def __len__(self) -> int:
        return len(self._ready) + len(self._later)

    def load(self, texts: list[str]) -> None:
        """Know many names that are new here, as the disk has them."""
        if later := set(names_with_due(texts)):
            self._later.load([_by_due(text) for text in later])
            texts = [text for text in texts if text not in later]
        self._ready.load(texts)
        self._sieve = None

    def add(self, name: Name) -> None:
        """Know a name."""
        self._remember(name)
        line, text = self._place(name)
        if line.add(text) and self._sieve:
            self._sieve.fill([name.id])

    def discard(self, name: Name) -> None:
        """Forget a name, if it is known."""
        if self.recalls(str(name)):
            del self._lately[name.id]
        line, text = self._place(name)
        if line.discard(text) and self._sieve:
            self._sieve.discard(name.id)

    def recalls(self, text: str) -> bool:
        """Whether this very name is one of those that were listed or have come lately."""
        _, _, job_id = f"{text}---".split("-", 3)[:3]
        return self._lately.get(job_id) == text

    def get(self, job_id: str) -> Name | None:
        """The name of the job with that id."""
        if job_id in self._lately:
            return _name(self._lately[job_id])
        if not self._sifted().may_have(job_id):
            return None
        found = self._from(job_id)
        for name in found:
            self._remember(name)
        return found[0] if found else None

    def _from(self, job_id: str) -> list[Name]:
        """The name with that id, and some after it: who changes many asks for them next."""
        part = f"-{job_id}-"
        for block in self._blocks():
            texts = unpack(block) if part in block else []
            for place, text in enumerate(texts):
                if part in text and _name(text).id == job_id:
                    return [_name(text) for text in texts[place : place + _FOLLOWING]]
        return []

    def starting(self, prefix: str) -> list[Name]:
        """The names of the jobs whose ids begin with ``prefix``."""
        return [name for name in self._with(f"-{prefix}") if name.id.startswith(prefix)]

    def is_same_comment(self, digest: str) -> list[Name]:
        """The names with that digest."""
        return [name for name in self._with(f"-{digest}-") if name.digest == digest]

    def among(self, ids: AbstractSet[str]) -> list[Name]:
        """The names of the jobs with these ids."""
        if not ids:
            return []
        blocks = (block for block in self._blocks() if not ids.isdisjoint(ids_in(block)))
        texts = (text for block in blocks for text in unpack(block))
        return [_name(text) for text in texts if not ids.isdisjoint(ids_in(text))]

    def line(self, now: int, start: int = 0) -> Iterator[Name]:
        """The names, without the first few, as they are to be claimed if nothing changes."""
        self._promote(now)
        rest = self._ready.since(start), self._later.since(max(0, start - len(self._ready)))
        for text in chain(*rest):
            name = _name(text)
            self._remember(name)
            yield name

    def first(self, now: int) -> Name | None:
        """The name to claim next at ``now`` (microseconds since 1970)."""
        self._promote(now)
        text = self._ready.first()
        return _name(text) if text else None

    def next_due(self, now: int) -> int | None:
        """When the first name that is not due at ``now`` will be."""
        self._promote(now)
        text = self._later.first()
        return _name(text).due if text else None

    def position(self, name: Name, now: int) -> int:
        """How many names come before this one."""
        self._promote(now)
        line, text = self._place(name)
        return line.rank(text) + (len(self._ready) if line is self._later else 0)

    def _place(self, name: Name) -> tuple[Line, str]:
        is_ready = name.due <= self._now
        return (self._ready, str(name)) if is_ready else (self._later, _by_due(str(name)))

    def _promote(self, now: int) -> None:
        if now < self._now:
            self._demote(now)
        self._now = now
        while (text := self._later.first()) and (name := _name(text)).due <= now:
            self._later.discard(text)
            self._ready.add(str(name))

    def _demote(self, now: int) -> None:
        for block in list(self._ready.blocks()):
            for text in names_with_due(unpack(block)):
                if _name(text).due > now:
                    self._ready.discard(text)
                    self._later.add(_by_due(text))

    def _remember(self, name: Name) -> None:
        """Keep at hand what will be asked for by its id, since it was listed or has just come."""
        if len(self._lately) >= _LATELY:
            self._lately.clear()
        self._lately[name.id] = str(name)

    def _blocks(self) -> Iterator[str]:
        return chain(self._ready.blocks(), self._later.blocks())

    def _with(self, part: str) -> list[Name]:
        blocks = [block for block in self._blocks() if part in block]
        return [_name(text) for block in blocks for text in unpack(block) if part in text]

    def _sifted(self) -> Sieve:
        if self._sieve is None or len(self) > self._sieve.room:
            self._sieve = Sieve(room=2 * len(self))
            for block in self._blocks():
                self._sieve.fill(ids_in(block))
        return self._sieve


def _by_due(text: str) -> str:
    order, due, rest = text.split("-", 2)
    return f"{due:0>{_DUE_WIDTH}}-{order}-{rest}"


def _name(text: str) -> Name:
    """Read a name that was checked when it came."""
    first, second, job_id, digest, events, interruptions = text[:-4].split("-")
    order, due = (second, first) if len(first) == _DUE_WIDTH else (first, second)
    return Name(int(order), int(due), job_id, digest, int(events), int(interruptions))
