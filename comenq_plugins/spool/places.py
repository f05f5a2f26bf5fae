"""Where jobs' files are, and where a job's file belongs in each state of the job."""

from __future__ import annotations

import os
from typing import NamedTuple

from comenq_core.model import Job, State
from comenq_core.model.transitions import claimed
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.format.job_file import Event, after
from comenq_plugins.spool.format.layout import Layout

__all__ = ["AT_ONCE", "Place", "listed", "place_after", "place_for"]

AT_ONCE = 1
"""The earliest ``due`` that is not 0, which in ``cur/`` means that the job is being posted, and
where jobs are over, that it was not held."""


class Place(NamedTuple):
    """Where a job's file is."""

    directory: str
    name: Name

    @property
    def path(self) -> str:
        """The file's path."""
        return f"{self.directory}/{self.name}"


def place_for(layout: Layout, job: Job, name: Name) -> Place:
    """Where a job belongs in its state. The name says what the state leaves open."""
    due = max(AT_ONCE, micros(job.due)) if job.due else 0
    settled = micros(job.settled or job.arrived)
    match job.state:
        case State.WAITING:
            return Place(layout.new, name._replace(due=due))
        case State.HELD:
            return Place(layout.hold, name._replace(due=due))
        case State.POSTING:
            return Place(layout.cur, name._replace(due=0))
        case State.CHECKING:
            return Place(layout.cur, name._replace(due=due or AT_ONCE))
        case State.UNCONFIRMED:
            return Place(layout.unconfirmed, name._replace(due=0))
        case State.POSTED | State.SKIPPED | State.FAILED | State.DELETED:
            others = {State.FAILED: layout.failed, State.DELETED: layout.deleted}
            directory = others.get(job.state, layout.done)
            was_held = AT_ONCE if job.was_held else 0
            return Place(directory, name._replace(order=settled, due=was_held))


def place_after(layout: Layout, job: Job, name: Name, event: Event) -> Place:
    """Where a claimed job belongs once the event is in its file."""
    settled = after(claimed(job), event)
    return place_for(layout, settled, name._replace(events=name.events + 1))


def listed(directory: str, part: str = "") -> list[Name]:
    """The names of the jobs in a directory that contain ``part``, in their order.

    What has a job's name and is no file, such as a directory or a link, is no job.
    """
    with os.scandir(directory) as entries:
        texts = [
            entry.name
            for entry in entries
            if part in entry.name and entry.is_file(follow_symlinks=False)
        ]
    return sorted(name for text in texts if (name := Name.parse(text)))
