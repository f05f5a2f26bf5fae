"""Dead letters for what never was a job: a dropped file that was refused, a file gone bad."""

from __future__ import annotations

import os
from datetime import datetime

from comenq_core.model import Attempt, Failed, Job, Origin, State
from comenq_core.model.identity import id_from
from comenq_core.process.log import printable
from comenq_plugins.spool.catalog import Place, listed
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable

__all__ = ["NO_DIGEST", "quarantine", "write_dead_letter"]

NO_DIGEST = "00000000"
"""Stands in the name of what has no request."""


def write_dead_letter(
    layout: Layout, job_id: str, origin: Origin, now: datetime, reason: str
) -> Name:
    """Write a dead letter that has a reason but no request; durable on return."""
    job = Job(id=job_id, request=None, arrived=now, origin=origin, state=State.FAILED)
    attempt = Attempt(started=now, ended=now, account="", outcome="refused", message=reason)
    event = job_file.Event(attempt=attempt, verdict=Failed(reason=printable(reason)))
    name = Name(micros(now), 0, job_id, NO_DIGEST, events=1)
    draft = layout.draft(name)
    durable.create(draft, job_file.encode_job(job) + job_file.encode_event(event))
    durable.publish([(draft, os.path.join(layout.failed, str(name)))])
    return name


def quarantine(layout: Layout, place: Place, now: datetime, reason: str) -> None:
    """Put a file that was a job once, and is damaged, among the dead letters."""
    job_id = id_from(str(place.name).encode())
    if all(name.id != job_id for name in listed(layout.failed)):
        reason = f"the file of job {place.name.id} is damaged: {reason}"
        write_dead_letter(layout, job_id, Origin(intake="spool"), now, reason)
    durable.move(place.path, os.path.join(layout.failed, f"{job_id}.drop"))
