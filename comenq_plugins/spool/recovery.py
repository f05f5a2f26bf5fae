"""What a new worker does first: put right what a dead one, or a power cut, has left.

Every step can be repeated, so that recovery itself may be killed anywhere. Afterwards each
acknowledged job is in exactly one place.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from comenq_core.errors import InvalidRequest
from comenq_core.model import Instant, State
from comenq_core.process.log import Log
from comenq_plugins.spool.catalog import JOB_LIMIT, Catalogue, Place, listed
from comenq_plugins.spool.dead_letters import quarantine
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.format.job_file import Retried
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, own_files, read_own
from comenq_plugins.spool.transitions import target_of

__all__ = ["recover"]

_ABANDONED = 36 * 3600
"""Seconds after which a file in ``tmp/`` has no writer any more; maildir's own figure."""

log = Log("spool")


def recover(catalogue: Catalogue, now: Instant) -> None:
    """Leave every job in one place, and those that may be posted already in doubt.

    Raises:
        OSError: the disk does not let it.
    """
    layout = catalogue.layout
    # What an operator moves meanwhile would look like a job in two places, or in none.
    with locked(layout.changes):
        catalogue.rescan()
        _remove_doubles(catalogue)
        _finish_claimed(layout, now)
    _clean_tmp(layout.tmp)


def _remove_doubles(catalogue: Catalogue) -> None:
    """Where a power cut left a job in two places, keep the more advanced one."""
    settled: set[str] = set()
    for directory in catalogue.layout.states:
        kept: dict[str, Name] = {}
        doubles = []
        for name in _suspects(catalogue, directory, settled):
            rival = kept.get(name.id)
            if name.id in settled:
                doubles.append(name)
            elif rival is None:
                kept[name.id] = name
            else:
                kept[name.id], double = sorted((name, rival), key=_progress, reverse=True)
                doubles.append(double)
        settled |= kept.keys()
        _remove(directory, doubles)


def _remove(directory: str, doubles: Sequence[Name]) -> None:
    for name in doubles:
        os.unlink(os.path.join(directory, str(name)))
        log.warning("double", "A crash had left a job in two places.",
                    job=name.id, removed=directory)  # fmt: skip
    if doubles:
        durable.sync_directory(directory)


def _suspects(catalogue: Catalogue, directory: str, settled: AbstractSet[str]) -> Sequence[Name]:
    """The jobs in a directory; of those in ``new/``, which may be many, all that may be double."""
    if directory == catalogue.layout.new:
        return catalogue.index.among(settled | catalogue.twins)
    with os.scandir(directory) as entries:
        texts = own_files(entries, shared=False)
        return [name for text in texts if (name := Name.parse(text))]


def _progress(name: Name) -> tuple[int, int]:
    return (name.events, name.interruptions)


def _finish_claimed(layout: Layout, now: Instant) -> None:
    """Complete what was recorded; what was not is in doubt, and one more worker died of it."""
    for name in listed(layout.cur):
        place = Place(layout.cur, name)
        try:
            data = read_own(place.path, JOB_LIMIT)
            job_file.decode(data, name, State.POSTING)
        except (Unfit, InvalidRequest) as error:
            quarantine(layout, place, now.wall, str(error))
        except Unreadable as error:
            log.error("unreadable", "The disk does not give a job that was being posted: it stays"
                      " in doubt until it does.", job=name.id, reason=error)  # fmt: skip
            _finish(layout, place, unsettled=())
        else:
            _finish(layout, place, job_file.events_in(data)[name.events :])


def _finish(layout: Layout, place: Place, unsettled: Sequence[job_file.Event | Retried]) -> None:
    name = place.name
    if unsettled and isinstance(event := unsettled[0], job_file.Event):
        durable.move(place.path, target_of(layout, name, event).path)
        log.info("completed", "A settled job was put in its place.", job=name.id)
    elif not name.due:
        checking = name._replace(due=1, interruptions=name.interruptions + 1)
        durable.move(place.path, Place(layout.cur, checking).path)
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
