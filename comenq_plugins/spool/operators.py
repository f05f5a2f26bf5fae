"""What an operator sees and does: look up, list, reorder, hold, cancel, retry.

A waiting job can be claimed at any moment. Every change is one rename or unlink of the name that
was found, so that either the operator or the worker has it, never both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from comenq_core.errors import WrongState
from comenq_core.model import Instant, Job, State
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

    def bump(self, job_id: str) -> Job:
        """Put a waiting job at the head of the line, whatever its due time."""
        place, _ = self._find(job_id, State.WAITING)
        order = self._catalogue.head(self._now())
        return self._move(place, Place(self._layout.new, place.name._replace(order=order, due=0)))

    def bust(self, job_id: str) -> Job:
        """Put a waiting job at the end of the line."""
        place, _ = self._find(job_id, State.WAITING)
        order = self._catalogue.end(self._now())
        return self._move(place, Place(self._layout.new, place.name._replace(order=order)))

    def hold(self, job_id: str) -> Job:
        """Keep a waiting job from being posted."""
        place, _ = self._find(job_id, State.WAITING)
        return self._move(place, Place(self._layout.hold, place.name))

    def release(self, job_id: str) -> Job:
        """Let a held job take its place again."""
        place, _ = self._find(job_id, State.HELD)
        return self._move(place, Place(self._layout.new, place.name))

    def cancel(self, job_id: str) -> Job:
        """Delete a waiting, held or failed job."""
        place, job = self._find(job_id, State.WAITING, State.HELD, State.FAILED)
        # A worker that died may have left the dropped file of which it made this job.
        durable.forget(os.path.join(self._layout.adopt, f"{job.id}.drop"))
        try:
            durable.remove(place.path)
        except FileNotFoundError:
            raise moved_on(job_id) from None
        durable.forget(self._raw(place.name))
        return job

    def retry(self, job_id: str) -> Job:
        """Queue a dead letter again, its attempts forgiven."""
        place, job = self._find(job_id, State.FAILED)
        if job.request is None:
            raise WrongState(
                f"job {job_id} is a refused file: mend {self._raw(place.name)} and drop it again"
            )
        retried = job_file.encode_event(job_file.Retried())
        durable.append(place.path, 1 + place.name.events, retried)
        again = Name(
            self._catalogue.end(self._now()),
            0,
            place.name.id,
            place.name.digest,
            events=place.name.events + 1,
        )
        return self._move(place, Place(self._layout.new, again))

    def _find(self, job_id: str, *allowed: State) -> tuple[Place, Job]:
        place, job = self._catalogue.look_up(job_id)
        state = self._layout.states[place.directory]
        if state not in allowed:
            words = " or ".join(allowed)
            raise WrongState(f"job {job_id} is {state}; only a job that is {words} allows that")
        return place, job

    def _move(self, place: Place, target: Place) -> Job:
        with locked(self._layout.changes):
            try:
                durable.move(place.path, target.path)
            except FileNotFoundError:
                raise moved_on(place.name.id) from None
        try:
            return self._catalogue.read(target)
        except FileNotFoundError:
            return self.get(place.name.id)

    def _raw(self, name: Name) -> str:
        return os.path.join(self._layout.failed, f"{name.id}.drop")


def _places(files: Iterable[tuple[str, str]]) -> Iterator[Place]:
    """The places of jobs' files that are told by their directories and names."""
    for directory, text in files:
        if name := Name.parse(text):
            yield Place(directory, name)
