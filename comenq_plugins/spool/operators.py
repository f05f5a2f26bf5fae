"""What an operator changes: the order, what is held, what is deleted or retried, the pause.

A waiting job can be claimed at any moment. Every change is one rename or unlink of the name that
was found, so that either the operator or the worker has it, never both.
"""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Change, Job, Pause
from comenq_core.model.transitions import changed, result_of
from comenq_plugins.spool.catalog import moved_on
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.places import Place, place_for
from comenq_plugins.spool.queries import Queries

__all__ = ["OperatorActions"]


class OperatorActions(Queries):
    """Changes jobs, and pauses the queue."""

    def change(self, job_id: str, change: Change) -> Job:
        """Rename or unlink the job's file."""
        with self._catalog.operation():
            place, found = self._catalog.look_up(job_id)
            job = changed(found, change, self.now().wall)
            if change is Change.CANCEL:
                self._delete(place)
            else:
                if change is Change.RETRY:
                    self._append_retried(place, job)
                self._move(place, job, change)
            return job

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Rename or unlink them all, then sync the directories once."""
        with self._catalog.exclusive(), durable.together():
            return [result_of(self.change, job_id, change) for job_id in job_ids]

    def _move(self, place: Place, job: Job, change: Change) -> None:
        with locked(self._layout.changes):
            target = self._target(place, job, change)
            try:
                durable.move(place.path, target.path)
            except FileNotFoundError:
                raise moved_on(job.id) from None

    def _target(self, place: Place, job: Job, change: Change) -> Place:
        """Where a changed job belongs: its directory, and its place in the queue."""
        catalog, name, now = self._catalog, place.name, self.now()
        match change:
            case Change.BUMP:
                name = name._replace(order=catalog.first_order(now))
            case Change.BUST:
                name = name._replace(order=catalog.last_order(now))
            case Change.RETRY:
                order, events = catalog.last_order(now), name.events + 1
                name = name._replace(order=order, events=events, interruptions=job.interruptions)
        return place_for(self._layout, job, name)

    def _delete(self, place: Place) -> None:
        # A worker that died may have left the dropped file of which it made this job.
        durable.forget(self._layout.adopted_file(place.name.id))
        try:
            durable.remove(place.path)
        except FileNotFoundError:
            raise moved_on(place.name.id) from None
        durable.forget(self._layout.failed_file(place.name.id))

    def _append_retried(self, place: Place, job: Job) -> None:
        if job.request is None:
            file = self._layout.failed_file(job.id)
            raise WrongState(f"job {job.id} has no request: mend {file} and drop it again")
        event = job_file.encode_event(job_file.Retried())
        durable.append(place.path, 1 + place.name.events, event)

    def pause(self, pause: Pause) -> None:
        with self._catalog.operation():
            self._pacing_file.pause(pause)

    def resume(self) -> None:
        with self._catalog.operation():
            self._pacing_file.unpause()
            self._pacing_file.clear_rejected()
