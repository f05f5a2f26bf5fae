"""What listener and worker ask of a spool."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice

from comenq_core.model import (
    PENDING,
    SETTLED,
    Counts,
    Division,
    Follow,
    Health,
    Instant,
    Job,
    Lane,
    LaneRecord,
    Pacing,
    Pause,
    State,
)
from comenq_plugins.spool.activity_file import ActivityFile
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.comments import Comments
from comenq_plugins.spool.follow_files import FollowFiles
from comenq_plugins.spool.format.filename import micros
from comenq_plugins.spool.fs.locks import is_claimed
from comenq_plugins.spool.lane_file import LaneFile
from comenq_plugins.spool.pacing_file import PacingFile
from comenq_plugins.spool.places import Place, listed

__all__ = ["Queries"]


class Queries:
    """Implements `JobReader`, `RepoFilter` and `NumberFilter` of `comenq_core.protocols`.

    Args:
        catalog: a prepared spool.
        limits: what the spool takes, and what it keeps.
        now: the time.
    """

    def __init__(self, catalog: Catalog, limits: Limits, now: Callable[[], Instant]) -> None:
        self._catalog = catalog
        self._layout = catalog.layout
        self._limits = limits
        self._comments = Comments(catalog)
        self._pacing_file = PacingFile(catalog.layout)
        self._lane_file = LaneFile(catalog.layout)
        self._follow_files = FollowFiles(catalog.layout)
        self._activity_file = ActivityFile(catalog.layout.activity)
        self.now = now

    def get(self, prefix: str) -> Job:
        with self._catalog.operation():
            return self._catalog.look_up(prefix)[1]

    def pending(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job]:
        """The jobs in ``cur/``, ``unconfirmed/``, ``new/`` and ``hold/``; only those are read."""
        with self._catalog.operation():
            return list(islice(self._catalog.jobs(self._pending(states, offset)), limit))

    def pending_in(
        self,
        repo: str,
        *,
        limit: int,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job | None]:
        """The same; a job that cannot be for the repository is read, and not decoded."""
        with self._catalog.operation():
            return list(islice(self._catalog.jobs_in(repo, self._pending(states, offset)), limit))

    def pending_with_number(
        self,
        pr_number: int,
        *,
        limit: int,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job | None]:
        """The same for a pull request's number."""
        with self._catalog.operation():
            places = self._pending(states, offset)
            return list(islice(self._catalog.jobs_with(pr_number, places), limit))

    def _pending(self, states: Collection[State], offset: int) -> Iterator[Place]:
        """Where the jobs in these states are, in their order, from ``offset``."""
        layout, catalog = self._layout, self._catalog
        first = [Place(layout.cur, name) for name in listed(layout.cur)]
        first.sort(key=lambda place: catalog.state(place) is State.CHECKING)
        if State.UNCONFIRMED in layout.states.values():
            unconfirmed = catalog.listings.names(layout.unconfirmed)
            first += [Place(layout.unconfirmed, name) for name in unconfirmed]
        first = [place for place in first if catalog.state(place) in states]
        yield from first[offset:]
        offset = max(0, offset - len(first))
        if State.WAITING in states:
            names = catalog.index.in_order(micros(self.now().wall), offset)
            yield from (Place(layout.new, name) for name in names)
            offset = max(0, offset - len(catalog.index))
        if State.HELD in states:
            held = catalog.listings.names(layout.hold)
            yield from (Place(layout.hold, name) for name in held[offset:])

    def position(self, job: Job) -> int:
        """How many names in ``new/`` come before the job's."""
        with self._catalog.operation():
            index = self._catalog.index
            name = index.get(job.id)
            return index.position(name, micros(self.now().wall)) if name else 0

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest receipts, dead letters and deleted jobs, newest last."""
        layout, catalog = self._layout, self._catalog
        settled = [path for path, state in layout.states.items() if state in SETTLED]
        directories = [layout.failed] if only_failed else settled
        end = offset + max(0, limit)
        with catalog.operation():
            newest = [
                Place(directory, name)
                for directory in directories
                for name in catalog.listings.names(directory)[-end:]
            ]
            newest.sort(key=lambda place: place.name, reverse=True)
            return list(catalog.jobs(newest[offset:end][::-1]))

    def deferred(self) -> Sequence[Job]:
        """The jobs in ``new/`` that are not due yet; read are those that have changed at all."""
        with self._catalog.operation():
            later = self._catalog.index.later(micros(self.now().wall))
            changed = (Place(self._layout.new, name) for name in later if name.events)
            return [job for job in self._catalog.jobs(changed) if job.attempts]

    def comment_ids(self, job: Job) -> Collection[int | str]:
        """What the receipts say, and what is remembered of older ones."""
        with self._catalog.operation():
            return self._comments.of_others(job)

    def counts(self) -> Counts:
        """How many names are in each directory."""
        with self._catalog.operation():
            return self._catalog.counts()

    def health(self) -> Health:
        """Whether somebody has the worker's lock, what it does, and how much capacity remains."""
        with self._catalog.operation():
            working = is_claimed(self._layout.worker, self._layout.records)
            capacity = self._limits.capacity(self._layout.new, len(self._catalog.index))
            worker = self._activity_file.read() if working else None
            return Health(working=working, worker=worker, capacity=tuple(capacity))

    def paused(self) -> Pause | None:
        with self._catalog.records():
            return self._pacing_file.paused()

    def pacing(self) -> Mapping[str, Pacing]:
        with self._catalog.records():
            return self._pacing_file.pacing()

    def lanes(self) -> Mapping[Lane, LaneRecord]:
        with self._catalog.records():
            return self._lane_file.lanes()

    def follows(self) -> Mapping[str, Follow]:
        with self._catalog.records():
            return self._follow_files.follows()

    def position_in(self, lane: Lane, job: Job | None = None) -> int:
        with self._catalog.operation():
            index, key = self._catalog.index, self._catalog.division.key_of(lane)
            name = index.get(job.id) if job else None
            return index.position_in(key, name, micros(self.now().wall))

    def divide(self, division: Division) -> None:
        """Files get the lane into their names from now on."""
        self._catalog.division = division
