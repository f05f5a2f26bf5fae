"""Where an event takes a job: the spool's state machine. Pure but for joining paths."""

from __future__ import annotations

from comenq_core.model import Checking, Done, Failed, Requeued, RetryAt
from comenq_plugins.spool.catalog import Place
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.format.job_file import Event
from comenq_plugins.spool.format.layout import Layout

__all__ = ["target_of"]


def target_of(layout: Layout, name: Name, event: Event) -> Place:
    """Where the claimed job ``name`` goes when ``event`` has been recorded."""
    ended = micros(event.attempt.ended)
    told = name._replace(events=name.events + 1)
    match event.verdict:
        case Done():
            return Place(layout.done, told._replace(order=ended, due=0))
        case Failed():
            return Place(layout.failed, told._replace(order=ended, due=0))
        case Checking(check_at=check_at):
            return Place(layout.cur, told._replace(due=max(1, micros(check_at))))
        case RetryAt(due=due):
            return Place(layout.new, told._replace(due=max(1, micros(due))))
        case Requeued():
            return Place(layout.new, told._replace(due=0))
