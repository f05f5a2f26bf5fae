"""Lists that are longer than the page: which part of each is shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from comenq_plugins.http.page.jobs import JobView

__all__ = ["SIZES", "Listing", "Offsets"]

SIZES: Mapping[str, int] = {
    "unconfirmed": 5,
    "failed": 5,
    "queue": 20,
    "held": 10,
    "history": 10,
}
"""The lists of the page, and how many jobs of each it shows."""
DIGITS = re.compile("[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Offsets:
    """How many jobs stand before the part of each list that is shown.

    Args:
        of: by the list's name; a list that is missing is shown from its beginning.
    """

    of: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Offsets:
        """The offsets in an address; what is none is passed over."""
        given = {name: query.get(name, "") for name in SIZES}
        found = {name: int(text) for name, text in given.items() if DIGITS.fullmatch(text)}
        return cls({name: number for name, number in found.items() if number})

    def __getitem__(self, name: str) -> int:
        return self.of.get(name, 0)

    def at(self, name: str, offset: int) -> str:
        """The query of the page that shows another part of one list."""
        changed = {**self.of, name: offset}
        return urlencode({one: number for one, number in changed.items() if number})

    def __str__(self) -> str:
        return urlencode(self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A part of a list.

    Args:
        name: a key of `SIZES`.
        jobs: what is shown.
        first: the number of the first one, from 1.
        total: how many there are, where that is known.
        earlier, later: the queries that show the parts beside it, ``None`` where there is none.
    """

    name: str
    jobs: tuple[JobView, ...] = ()
    first: int = 1
    total: int | None = 0
    earlier: str | None = None
    later: str | None = None

    @property
    def last(self) -> int:
        """The number of the last one that is shown."""
        return self.first + len(self.jobs) - 1

    @property
    def is_paged(self) -> bool:
        """Whether there is more of it."""
        return self.earlier is not None or self.later is not None
