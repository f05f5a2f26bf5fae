"""Cuts a listing into replies of a bounded size, however many jobs there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from comenq_core.wire.strict_json import encode

__all__ = ["read_page"]

T = TypeVar("T")
Page = tuple[list[Mapping[str, Any]], int | None]

REPLY_BYTES = 1024 * 1024
"""A page ends once it has so much, as a request would."""
SEEN_LIMIT = 1_000
"""Jobs that are read for one reply, since other clients wait meanwhile."""
READ_LIMIT = 64
"""Jobs that are read at a time."""


def read_page(
    read: Callable[[int, int], Sequence[T | None]],
    show: Callable[[T], Mapping[str, Any]],
    *,
    limit: int | None,
    offset: int,
) -> Page:
    """Read jobs until the page is full or there are no more.

    Args:
        read: given a limit and an offset, returns jobs, or ``None`` for those to pass over.
        show: makes of a job what the reply has of it.
        limit: how many jobs the page may have; ``None`` for as many as fit.
        offset: how many jobs of the listing stand before the page.

    Returns:
        What is shown, and the offset of the next page or ``None`` if there is none.
    """
    values: list[Mapping[str, Any]] = []
    seen, size, are_more = 0, 0, True
    while are_more:
        # One more than fits tells whether there is another page. Where many were passed over,
        # as many more may be.
        fit = READ_LIMIT if limit is None else limit - len(values) + 1
        wanted = min(READ_LIMIT, fit + seen - len(values))
        jobs = read(wanted, offset + seen)
        are_more = len(jobs) == wanted
        for job in jobs:
            is_full = size >= REPLY_BYTES or len(values) == limit
            if seen >= SEEN_LIMIT or (job is not None and is_full):
                return values, offset + seen
            seen += 1
            if job is not None:
                values.append(show(job))
                size += len(encode(values[-1]))
    return values, None
