"""What an operator changes: the order, what is held, what is deleted or retried, the pause.

A waiting job can be claimed at any moment, and one to be checked reclaimed. Every change ends with
one rename or unlink of the name that was found, so that either the operator or the worker has it,
never both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import (
    Answered,
    Attempt,
    Change,
    CommentRequest,
    Done,
    Failed,
    Instant,
    Job,
    Pause,
    Requeued,
    RetryAt,
)
from comenq_core.model.identity import digest_of
from comenq_core.model.transitions import (
    answered,
    changed,
    edited,
    resolved,
    result_of,
    verified,
)
from comenq_plugins.spool.catalog import JOB_LIMIT, moved_on
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.format.job_file import Edited, Event, Line, Retried, encode_event
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.places import Place, place_for
from comenq_plugins.spool.queries import Queries
from comenq_plugins.spool.seen import mark_of

__all__ = ["OperatorActions"]


class OperatorActions(Queries):
    """Changes jobs, and pauses the queue."""

    def change(self, job_id: str, change: Change, *, expect: CommentRequest | None = None) -> Job:
        """Rename or unlink the job's file."""
        with self._catalog.operation():
            place, found = self._catalog.look_up(job_id)
            job = changed(found, change, self.now().wall, expect)
            match change:
                case Change.CANCEL:
                    self._delete(place, job)
                case Change.RETRY | Change.UNDELETE:
                    self._record(place, job, Retried(), self._catalog.last_order)
                case _:
                    self._move(place, job, change)
            return job

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Rename or unlink them all, then sync the directories once."""
        with self._catalog.exclusive(), durable.together():
            return [result_of(self.change, job_id, change) for job_id in job_ids]

    def resolve(self, job_id: str, verdict: Done | RetryAt, attempt: Attempt) -> Job:
        """Append what was said to the job's file, and rename it."""
        with self._catalog.operation():
            place, found = self._catalog.look_up(job_id)
            job = resolved(found, verdict, attempt)
            # A failed job's name says when it failed, and no longer where it stood.
            order = micros(found.arrived) if found.settled else place.name.order
            event = Event(attempt=attempt, verdict=verdict)
            self._record(place, job, event, lambda _: order)
            return job

    def edit(self, job: Job, request: CommentRequest, *, hold: bool = False) -> Job:
        """Append the new request to the job's file, and rename it: the name counts the lines."""
        with self._catalog.operation():
            place, found = self._catalog.look_up(job.id)
            new = edited(found, job.asked, request, hold=hold)
            if new == found:
                durable.sync_directory(place.directory)
                return new
            self._require_short(place)
            self._record(place, new, Edited(request=request), lambda _: place.name.order)
            return new

    def _require_short(self, place: Place) -> None:
        """Every text that a job has had is in its file, which has to stay readable."""
        with suppress(FileNotFoundError):
            if os.stat(place.path).st_size > JOB_LIMIT // 2:
                raise WrongState(
                    f"job {place.name.id} was edited too often: delete it, and queue it again"
                )

    def record_target(self, job_id: str, verdict: Requeued | Failed, attempt: Attempt) -> Job:
        """Append what the forge said to the job's file, and rename it."""
        with self._catalog.operation():
            place, found = self._catalog.look_up(job_id)
            job = verified(found, verdict, attempt)
            event = Event(attempt=attempt, verdict=verdict)
            self._record(place, job, event, lambda _: place.name.order)
            return job

    def conclude(self, job_id: str, verdict: Answered, attempt: Attempt) -> Job:
        """Append the answer to the job's file, and rename it; what asks again is the first."""
        with self._catalog.operation():
            place, found = self._catalog.look_up(job_id)
            try:
                job = answered(found, verdict, attempt)
            except WrongState:
                # An earlier call may have come as far as this; only its fsync had failed.
                for directory in (place.directory, self._layout.done):
                    durable.sync_directory(directory)
                raise
            event = Event(attempt=attempt, verdict=verdict)
            first = self._catalog.first_order
            self._record(place, job, event, first if verdict.again else lambda _: place.name.order)
            return job

    def _move(self, place: Place, job: Job, change: Change) -> None:
        with locked(self._layout.changes):
            catalog, name, now = self._catalog, place.name, self.now()
            if change is Change.BUMP:
                name = name._replace(order=catalog.first_order(now))
            elif change is Change.BUST:
                name = name._replace(order=catalog.last_order(now))
            self._rename(place, job, name)

    def _record(self, place: Place, job: Job, event: Line, order: Callable[[Instant], int]) -> None:
        """Append an event, then rename. No worker can take the job meanwhile: it needs the lock."""
        if job.request is None:
            file = self._layout.failed_file(job.id)
            raise WrongState(f"job {job.id} has no request: mend {file} and drop it again")
        with locked(self._layout.changes):
            name = place.name._replace(
                order=order(self.now()),
                digest=digest_of(job.request),
                events=place.name.events + 1,
                interruptions=job.interruptions,
                lane=self._catalog.division.key_for(job.request),
            )
            try:
                durable.append(place.path, 1 + place.name.events, encode_event(event))
            except FileNotFoundError:
                raise moved_on(job.id) from None
            self._rename(place, job, name)
            durable.forget(mark_of(place))

    def _rename(self, place: Place, job: Job, name: Name) -> None:
        try:
            durable.move(place.path, place_for(self._layout, job, name).path)
        except FileNotFoundError:
            raise moved_on(job.id) from None

    def _delete(self, place: Place, job: Job) -> None:
        """Put a job among the deleted ones; of what has no request, nothing is kept."""
        # A worker that died may have left the dropped file of which it made this job.
        durable.forget(self._layout.adopted_file(job.id))
        if job.request:
            with locked(self._layout.changes):
                self._rename(place, job, place.name)
        else:
            self._remove(place)
        durable.forget(mark_of(place))
        durable.forget(self._layout.failed_file(job.id))

    def _remove(self, place: Place) -> None:
        try:
            durable.remove(place.path)
        except FileNotFoundError:
            raise moved_on(place.name.id) from None

    def pause(self, pause: Pause) -> None:
        with self._catalog.operation():
            self._pacing_file.pause(pause)

    def resume(self) -> None:
        with self._catalog.operation():
            self._pacing_file.unpause()
