"""What a new worker does first: it repairs what a dead one, or a power cut, has left.

Every step can be repeated, so that recovery itself may be killed anywhere. Afterwards each
acknowledged job is in exactly one place.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence

from comenq_core.errors import InvalidRequest
from comenq_core.model import Instant, State
from comenq_core.process.log import Log
from comenq_plugins.spool.catalog import JOB_LIMIT, Catalog
from comenq_plugins.spool.dead_letters import quarantine
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, more_advanced
from comenq_plugins.spool.format.job_file import Event
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import leaving_immovable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_own
from comenq_plugins.spool.places import AT_ONCE, Place, listed, place_after

__all__ = ["recover"]

_ABANDONED = 36 * 3600
"""Seconds after which a file in ``tmp/`` has no writer any more; maildir's own figure."""

log = Log("spool")


def recover(catalog: Catalog, now: Instant) -> None:
    """Leave every job in one place, and those that may be posted already to be checked.

    Raises:
        OSError: the disk does not allow it.
    """
    layout = catalog.layout
    # What an operator moves meanwhile would look like a job in two places, or in none.
    with locked(layout.changes):
        _remove_doubles(layout, waiting=catalog.rescan())
        _finish_claimed(layout, now)
    _clean_tmp(layout.tmp)


def _remove_doubles(layout: Layout, waiting: Sequence[Name]) -> None:
    """Where a power cut left a job in two places, keep the more advanced one."""
    settled: set[str] = set()
    for directory in layout.states:
        names = waiting if directory == layout.new else listed(directory)
        ids = {name.id for name in names}
        if len(ids) < len(names) or not ids.isdisjoint(settled):
            _remove(directory, _doubles(names, settled))
        settled |= ids


def _doubles(names: Sequence[Name], settled: Collection[str]) -> Sequence[Name]:
    """Those of which there is a more advanced one beside them, or in a directory before."""
    kept: dict[str, Name] = {}
    for name in names:
        kept[name.id] = more_advanced(name, kept.get(name.id, name))
    return [name for name in names if name.id in settled or kept[name.id] != name]


def _remove(directory: str, doubles: Sequence[Name]) -> None:
    for name in doubles:
        path = Place(directory, name).path
        with leaving_immovable(path, directory):
            os.unlink(path)
            log.warning("double", "A crash had left a job in two places.",
                        job=name.id, removed=directory)  # fmt: skip
    if doubles:
        durable.sync_directory(directory)


def _finish_claimed(layout: Layout, now: Instant) -> None:
    """Complete what was recorded; let the other jobs be checked, and count the interruption."""
    for name in listed(layout.cur):
        place = Place(layout.cur, name)
        try:
            data = read_own(place.path, JOB_LIMIT)
            job = job_file.decode(data, name, State.POSTING)
        except (Unfit, InvalidRequest) as error:
            quarantine(layout, place, now.wall, str(error))
            continue
        except Unreadable as error:
            log.error("unreadable", "The disk does not give a job that was being posted: it stays"
                      " to be checked until it does.", job=name.id, reason=error)  # fmt: skip
            _interrupt(place)
            continue
        event = next(iter(job_file.events_in(data)[name.events :]), None)
        if isinstance(event, Event):
            after = place_after(layout, job, name, event)
            with leaving_immovable(place.path, place.directory, after.directory):
                durable.move(place.path, after.path)
                log.info("completed", "A settled job was put in its place.", job=name.id)
        else:
            _interrupt(place)


def _interrupt(place: Place) -> None:
    """Let a job be checked at once, unless it is to be checked already."""
    name = place.name
    if name.due:
        return
    checking = name._replace(due=AT_ONCE, interruptions=name.interruptions + 1)
    with leaving_immovable(place.path, place.directory):
        durable.move(place.path, place._replace(name=checking).path)
        log.warning("interrupted", "The worker died while it had this job.",
                    job=name.id, times=checking.interruptions)  # fmt: skip


def _clean_tmp(directory: str) -> None:
    for text in os.listdir(directory):
        path = os.path.join(directory, text)
        try:
            if time.time() - os.lstat(path).st_mtime > _ABANDONED:
                os.unlink(path)
        except OSError:
            continue
