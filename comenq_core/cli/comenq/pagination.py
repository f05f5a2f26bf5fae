"""Reads long lists from the daemon, page by page."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from comenq_core.cli.comenq.filters import EVERYTHING, Filter
from comenq_core.cli.comenq.requests import ask

__all__ = ["history", "listed", "newest", "unconfirmed"]

OVERLAP = 8
"""How many jobs of a page are requested again: up to so many may leave the queue between pages."""


def listed(
    args: Namespace,
    *,
    limit: int | None = None,
    offset: int = 0,
    **which: Any,  # noqa: ANN401  (JSON)
) -> Iterator[dict[str, Any]]:
    """The jobs that are not over, in their order; each page is requested when it is needed.

    Args:
        limit: how many at most.
        offset: how many to pass over.
        which: the members of ``list`` that select jobs.
    """
    begin: int | None = offset
    overlap, left, before = 0, limit, frozenset[str]()
    while begin is not None and left != 0:
        # Each page has its own connection: the daemon closes one that is read slowly.
        size = left and left + overlap
        reply = ask(args, op="list", limit=size, offset=begin - overlap or None, **which)
        page = reply["entries"]
        fresh = [entry for entry in page if entry["id"] not in before][:left]
        yield from fresh
        left = left and left - len(fresh)
        before = frozenset(entry["id"] for entry in page)
        overlap = min(OVERLAP, len(page) // 2)
        begin = reply.get("next")


def history(
    args: Namespace,
    *,
    limit: int | None = None,
    failed: bool = False,
    which: Filter = EVERYTHING,
) -> list[dict[str, Any]]:
    """The newest jobs that are over, or only the failed ones; at most ``limit``, newest last."""
    return list(newest(args, limit=limit, failed=failed, which=which))[::-1]


def newest(
    args: Namespace,
    *,
    limit: int | None = None,
    failed: bool = False,
    which: Filter = EVERYTHING,
) -> Iterator[dict[str, Any]]:
    """What `history` lists, newest first; each page is requested when it is needed."""
    seen: set[str] = set()
    offset: int | None = 0
    while offset is not None and (limit is None or len(seen) < limit):
        left = limit and limit - len(seen)
        selected = {"failed": failed or None, **which._asdict()}
        reply = ask(args, op="hist", limit=left, offset=offset or None, **selected)
        # A job that ends between two pages shifts the others, so that some come twice.
        fresh = [job for job in reversed(reply["history"]) if job["id"] not in seen][:left]
        yield from fresh
        seen.update(job["id"] for job in fresh)
        offset = reply.get("next")


def unconfirmed(args: Namespace, status: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """The first unconfirmed jobs, at most ``limit``; an older daemon has none."""
    if not status["counts"].get("unconfirmed"):
        return []
    return list(listed(args, limit=limit, state=["unconfirmed"]))
