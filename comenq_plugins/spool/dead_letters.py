"""Dead letters for what has no request: a dropped file that was refused, a damaged job."""

from __future__ import annotations

import os
from datetime import datetime

from comenq_core.model import Attempt, Failed, Job, Origin, State
from comenq_core.model.identity import id_from
from comenq_core.process.log import Log
from comenq_core.text import printable
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import leaving_immovable
from comenq_plugins.spool.places import Place, listed

__all__ = ["NO_DIGEST", "keep_beside", "quarantine", "write_dead_letter"]

NO_DIGEST = "00000000"
"""The digest in the name of a job that has no request."""

log = Log("spool")


def write_dead_letter(
    layout: Layout, job_id: str, origin: Origin, now: datetime, reason: str
) -> None:
    """Write a dead letter that has a reason but no request; durable on return."""
    job = Job(id=job_id, request=None, arrived=now, origin=origin, state=State.FAILED)
    attempt = Attempt(started=now, ended=now, account="", outcome="refused", message=reason)
    event = job_file.Event(attempt=attempt, verdict=Failed(reason=printable(reason)))
    place = Place(layout.failed, Name(micros(now), 0, job_id, NO_DIGEST, events=1))
    draft = layout.draft(place.name)
    durable.create(draft, job_file.encode_job(job) + job_file.encode_event(event))
    durable.publish([(draft, place.path)])


def quarantine(layout: Layout, place: Place, now: datetime, reason: str) -> None:
    """Move a damaged job's file out of the queue, beside a dead letter that says why."""
    job_id = id_from(str(place.name).encode())
    if all(name.id != job_id for name in listed(layout.failed, job_id)):
        reason = f"the file of job {place.name.id} is damaged: {reason}"
        write_dead_letter(layout, job_id, Origin(intake="spool"), now, reason)
    keep_beside(layout, place.path, job_id)


def keep_beside(layout: Layout, path: str, job_id: str) -> None:
    """Move a file beside its dead letter; one that cannot be moved stays, and is told."""
    with leaving_immovable(path, os.path.dirname(path), layout.failed):
        durable.move(path, layout.failed_file(job_id))
