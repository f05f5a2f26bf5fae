"""What an operator sees and does: look up, list, reorder, hold, cancel, retry.

A waiting job can be claimed at any moment. Every change is one rename or unlink of the name that
was found, so that either the operator or the worker has it, never both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from comenq_core.errors import InvalidRequest, NoSuchJob, WrongState
from comenq_core.model import Instant, Job, State
from comenq_plugins.spool import durable, journal
from comenq_plugins.spool.catalogue import Catalogue, Place
from comenq_plugins.spool.names import Name, micros

__all__ = ["Desk"]


class Desk:
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
        return self._read(self._catalogue.find(prefix))

    def pending(self) -> Iterator[Job]:
        """The jobs that are not settled, each read when it is asked for."""
        layout = self._layout
        return chain.from_iterable(
            self._catalogue.jobs(directory, self._catalogue.names(directory))
            for directory in (layout.cur, layout.new, layout.hold)
        )

    def history(self, limit: int) -> Sequence[Job]:
        """The newest settled jobs, newest last."""
        layout = self._layout
        places = sorted(
            (name, directory)
            for directory in (layout.done, layout.failed)
            for name in self._catalogue.names(directory)
        )
        newest = places[-limit:] if limit > 0 else []
        return [
            job for name, directory in newest for job in self._catalogue.jobs(directory, [name])
        ]

    def bump(self, job_id: str) -> Job:
        """Put a waiting job at the head of the line, whatever its due time."""
        place = self._find(job_id, State.WAITING)
        now = micros(self._now().wall)
        first = self._catalogue.index.first(now)
        order = first.order - 1 if first else now
        return self._move(place, Place(self._layout.new, place.name._replace(order=order, due=0)))

    def bust(self, job_id: str) -> Job:
        """Put a waiting job at the end of the line."""
        place = self._find(job_id, State.WAITING)
        now = micros(self._now().wall)
        last = self._catalogue.index.last(now)
        order = max(now, last.order + 1 if last else 0)
        return self._move(place, Place(self._layout.new, place.name._replace(order=order)))

    def hold(self, job_id: str) -> Job:
        """Keep a waiting job from being posted."""
        place = self._find(job_id, State.WAITING)
        return self._move(place, Place(self._layout.hold, place.name))

    def release(self, job_id: str) -> Job:
        """Let a held job take its place again."""
        place = self._find(job_id, State.HELD)
        return self._move(place, Place(self._layout.new, place.name))

    def cancel(self, job_id: str) -> Job:
        """Delete a waiting, held or failed job."""
        place = self._find(job_id, State.WAITING, State.HELD, State.FAILED)
        job = self._read(place)
        try:
            durable.remove(place.path)
        except FileNotFoundError:
            raise _moved_on(job_id) from None
        durable.forget(self._raw(place.name))
        return job

    def retry(self, job_id: str) -> Job:
        """Queue a dead letter again, its attempts forgiven."""
        place = self._find(job_id, State.FAILED)
        if self._read(place).request is None:
            raise WrongState(
                f"job {job_id} is a refused file: mend {self._raw(place.name)} and drop it again"
            )
        forgiven = journal.encode_event(journal.Forgiven())
        durable.append(place.path, 1 + place.name.events, forgiven)
        again = Name(
            micros(self._now().wall),
            0,
            place.name.id,
            place.name.digest,
            events=place.name.events + 1,
        )
        return self._move(place, Place(self._layout.new, again))

    def _find(self, job_id: str, *allowed: State) -> Place:
        place = self._catalogue.find(job_id)
        state = self._layout.states[place.directory]
        if state not in allowed:
            words = " or ".join(allowed)
            raise WrongState(f"job {job_id} is {state}; only a job that is {words} allows that")
        return place

    def _move(self, place: Place, target: Place) -> Job:
        try:
            durable.move(place.path, target.path)
        except FileNotFoundError:
            raise _moved_on(place.name.id) from None
        self._catalogue.sync()
        return self._read(target)

    def _read(self, place: Place) -> Job:
        try:
            return self._catalogue.read(place)
        except FileNotFoundError:
            raise _moved_on(place.name.id) from None
        except (durable.Unfit, InvalidRequest) as error:
            raise NoSuchJob(f"{place.path}: not a job: {error}") from error

    def _raw(self, name: Name) -> str:
        return os.path.join(self._layout.failed, f"{name.id}.drop")


def _moved_on(job_id: str) -> WrongState:
    return WrongState(f"job {job_id} was being posted or changed at this moment: look again")
