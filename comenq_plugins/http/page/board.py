"""Reads from the queue what the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from comenq_core.errors import NoSuchJob
from comenq_core.model import Entry, State, Status
from comenq_core.model.rights import Rights
from comenq_core.protocols import Queue
from comenq_core.wire.messages import entry_to_json, lane_to_json, status_to_json
from comenq_plugins.http.page.headline import Headline, counts_of, headline, warnings_of
from comenq_plugins.http.page.jobs import JobView, job_view
from comenq_plugins.http.page.lanes import LaneView, lane_views
from comenq_plugins.http.page.listing import SIZES, Listing, Offsets

__all__ = ["Board", "exact", "read_board", "read_job"]

Read = Callable[[int, int], Sequence[Entry]]

IN_QUEUE = (State.POSTING, State.CHECKING, State.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that the page shows of the queue.

    Args:
        headline: where it stands.
        counts: how many jobs are in which state.
        warnings: what else needs a person.
        next: the job that the headline is about, if there is one.
        is_paused: whether an operator has paused it.
        unseen: how many failed jobs nobody has seen.
        lists: parts of the lists, by name.
        lanes: the lanes of reviewers.
    """

    headline: Headline
    counts: Sequence[tuple[str, int]]
    warnings: Sequence[str]
    next: JobView | None
    is_paused: bool
    unseen: int
    lists: Mapping[str, Listing]
    lanes: Sequence[LaneView]


def read_board(queue: Queue, offsets: Offsets, now: datetime, rights: Rights) -> Board:
    """Read the part of the queue that is wanted. Lists that are empty are not read.

    Args:
        queue: the queue.
        offsets: which part.
        now: the time.
        rights: what the policies let the visitor do.

    Raises:
        ComenqError: the store cannot be read.
    """
    found = _with_review(queue, queue.status())
    status = {
        **status_to_json(found),
        "eta_seconds": found.eta_seconds,
        "lanes": [{**lane_to_json(lane), "opens_in": lane.opens_in} for lane in found.lanes],
    }
    head = headline(status, exact(found.next) if found.next else None, now)
    return Board(
        headline=head,
        counts=counts_of(status),
        warnings=warnings_of(status),
        is_paused=found.paused is not None,
        unseen=found.counts.unseen,
        lanes=lane_views(status, now),
        **_Reader(queue, found, offsets, now, rights).read(head.job),
    )


def _with_review(queue: Queue, status: Status) -> Status:
    """The status, with what is known of the review that the next job asks for."""
    first = status.next
    # A job that the worker has just finished may be gone.
    with suppress(NoSuchJob):
        if first:
            review = queue.show(first.job.id).review
            return replace(status, next=replace(first, review=review))
    return status


class _Reader:
    """Reads the parts of the lists that are shown."""

    def __init__(
        self, queue: Queue, status: Status, offsets: Offsets, now: datetime, rights: Rights
    ) -> None:
        self._queue = queue
        self._status = status
        self._offsets = offsets
        self._now = now
        self._rights = rights

    def read(self, next_id: str) -> dict[str, Any]:
        """The lists, and the job of this id."""
        counts, failed = self._status.counts, partial(self._settled, only_failed=True)
        lists = (
            self._list("unconfirmed", counts.unconfirmed, self._pending(State.UNCONFIRMED)),
            self._list("failed", counts.failed, failed),
            self._list("queue", counts.waiting + counts.posting, self._pending(*IN_QUEUE)),
            self._list("held", counts.held, self._pending(State.HELD)),
            self._list("history", None, self._settled),
        )
        return {"lists": {one.name: one for one in lists}, "next": self._named(next_id)}

    def _named(self, job_id: str) -> JobView | None:
        first = self._status.next
        if first and job_id == first.job.id:
            return self._view(first)
        with suppress(NoSuchJob):
            return self._view(self._queue.show(job_id)) if job_id else None
        return None

    def _pending(self, *states: State) -> Read:
        return lambda limit, offset: self._queue.pending(limit, offset=offset, states=states)

    def _settled(self, limit: int, offset: int, *, only_failed: bool = False) -> Sequence[Entry]:
        jobs = self._queue.history(limit, offset=offset, only_failed=only_failed)
        return [Entry(job=job) for job in jobs[::-1]]

    def _view(self, entry: Entry) -> JobView:
        return job_view(exact(entry), self._status.host, self._now, self._rights)

    def _list(self, name: str, total: int | None, read: Read) -> Listing:
        offset, size = self._offsets[name], SIZES[name]

        # One more than fits tells whether there is another part.
        def part(first: int) -> Sequence[Entry]:
            return read(size + 1, first) if total != 0 else ()

        found = part(offset)
        if offset and not found:  # What was there has left the list.
            offset, found = 0, part(0)
        return Listing(
            name=name,
            jobs=tuple(map(self._view, found[:size])),
            first=offset + 1,
            total=total,
            earlier=self._offsets.at(name, max(0, offset - size)) if offset else None,
            later=self._offsets.at(name, offset + size) if len(found) > size else None,
        )


def read_job(
    queue: Queue, job_id: str, now: datetime, rights: Rights
) -> tuple[JobView, Mapping[str, Any]]:
    """One job, as the page shows it and as the protocol has it.

    Raises:
        ComenqError: there is none, or the store cannot be read.
    """
    job = exact(queue.show(job_id))
    return job_view(job, queue.status().host, now, rights), job


def exact(entry: Entry) -> Mapping[str, Any]:
    """A job as in the protocol, with the seconds as they were estimated."""
    return {**entry_to_json(entry), "eta_seconds": entry.eta_seconds}
