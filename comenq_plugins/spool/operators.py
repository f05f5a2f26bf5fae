"""What an operator sees and does: look up, list, reorder, hold, cancel, retry.

A waiting job can be claimed at any moment. Every change is one rename or unlink of the name that
was found, so that either the operator or the worker has it, never both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from comenq_core.errors import WrongState
from comenq_core.model import Change, Instant, Job, State
from comenq_core.model.transitions import changed
from comenq_plugins.spool.catalog import Catalogue, Place, listed, moved_on
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked

__all__ = ["OperatorActions"]


class OperatorActions:
    """The operator's side of a spool.

    Args:
        catalogue: the spool, brought up to date before each call.
        now: the time.
    """

    def __init__(self, catalogue: Catalogue, now: Callable[[], Instant]) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        self._now = now

    def get(self, prefix: str) -> Job:
        """The one job whose id begins with ``prefix``."""
        return self._catalogue.look_up(prefix)[1]

    def pending(self, states: Collection[State], offset: int, limit: int | None) -> Sequence[Job]:
        """The jobs in these states, in their order; those that are left out are not read."""
        places = self._places(states, offset)
        return list(islice(self._catalogue.jobs(places), limit))

    def pending_in(
        self, repo: str, states: Collection[State], offset: int, limit: int
    ) -> Sequence[Job | None]:
        """The same jobs, with ``None`` in place of those for other repositories."""
        places = self._places(states, offset)
        return list(islice(self._catalogue.jobs_in(repo, places), limit))

    def _places(self, states: Collection[State], offset: int) -> Iterator[Place]:
        """Where they are, in their order; those that are left out cost next to nothing."""
        layout, catalogue = self._layout, self._catalogue
        claimed = [Place(layout.cur, name) for name in listed(layout.cur)]
        claimed = [place for place in claimed if catalogue.state(place) in states]
        yield from claimed[offset:]
        offset = max(0, offset - len(claimed))
        if State.WAITING in states:
            line = catalogue.index.line(micros(self._now().wall), offset)
            yield from (Place(layout.new, name) for name in line)
            offset = max(0, offset - len(catalogue.index))
        if State.HELD in states:
            held = catalogue.listings.names(layout.hold)
            yield from _places((layout.hold, text) for text in held[offset:])

    def history(self, directories: Sequence[str], offset: int, limit: int) -> Sequence[Job]:
        """The newest settled jobs in these directories, newest last."""
        reach, names = offset + max(0, limit), self._catalogue.listings.names
        newest = [(text, path) for path in directories for text in names(path)[::-1][:reach]]
        newest.sort(reverse=True)
        places = _places((path, text) for text, path in newest[offset:reach][::-1])
        return list(self._catalogue.jobs(places))

    def change(self, job_id: str, change: Change) -> Job:
        """Make a change of one job: one rename, or one unlink."""
        place, found = self._catalogue.look_up(job_id)
        job = changed(found, change)
        if change is Change.CANCEL:
            self._delete(place)
            return job
        if change is Change.RETRY:
            self._append_retried(place, job)
        with locked(self._layout.changes):
            try:
                durable.move(place.path, self._target(place, change).path)
            except FileNotFoundError:
                raise moved_on(job_id) from None
        return job

    def _target(self, place: Place, change: Change) -> Place:
        """Where a changed job belongs: its directory, and its place in the queue."""
        layout, catalogue, name, now = self._layout, self._catalogue, place.name, self._now()
        match change:
            case Change.BUMP:
                return Place(layout.new, name._replace(order=catalogue.head(now), due=0))
            case Change.BUST:
                return Place(layout.new, name._replace(order=catalogue.end(now)))
            case Change.HOLD:
                return Place(layout.hold, name)
            case Change.RETRY:
                again = Name(catalogue.end(now), 0, name.id, name.digest, events=name.events + 1)
                return Place(layout.new, again)
            case _:
                return Place(layout.new, name)

    def _delete(self, place: Place) -> None:
        # A worker that died may have left the dropped file of which it made this job.
        durable.forget(os.path.join(self._layout.adopt, f"{place.name.id}.drop"))
        try:
            durable.remove(place.path)
        except FileNotFoundError:
            raise moved_on(place.name.id) from None
        durable.forget(self._raw(place.name))

    def _append_retried(self, place: Place, job: Job) -> None:
        if job.request is None:
            raise WrongState(
                f"job {job.id} is a refused file: mend {self._raw(place.name)} and drop it again"
            )
        event = job_file.encode_event(job_file.Retried())
        durable.append(place.path, 1 + place.name.events, event)

    def _raw(self, name: Name) -> str:
        return os.path.join(self._layout.failed, f"{name.id}.drop")


def _places(files: Iterable[tuple[str, str]]) -> Iterator[Place]:
    """The places of jobs' files that are told by their directories and names."""
    for directory, text in files:
        if name := Name.parse(text):
            yield Place(directory, name)
