"""Deletes old receipts and dead letters, and remembers what is needed of them for longer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from comenq_core.errors import InvalidRequest
from comenq_core.model import Instant
from comenq_core.model.past_job import PastJob
from comenq_core.policy.pruning import UNSEEN_KEPT, agree
from comenq_core.process.log import Log
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.dead_letters import NO_DIGEST
from comenq_plugins.spool.format.filename import micros, moment
from comenq_plugins.spool.format.past_job import past_of_name
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_own
from comenq_plugins.spool.places import Place, listed
from comenq_plugins.spool.seen import mark_of, remove_marks, seen_in

__all__ = ["Pruner"]

_BATCH = 500
_LIMIT = 1 << 16

log = Log("spool")


class Pruner:
    """Deletes what is old, in batches.

    Args:
        catalog: the spool.
        limits: how long receipts and dead letters are kept, and keys remembered.
    """

    def __init__(self, catalog: Catalog, limits: Limits) -> None:
        self._catalog = catalog
        self._layout = catalog.layout
        self._limits = limits
        self._readings = self._layout.path("readings.json")
        self._now = moment(0)
        self._old: Sequence[Place] = ()

    def find_old(self, now: Instant, forge_time: datetime | None) -> None:
        """Read the clock; if an earlier reading agrees, find what is old."""
        before = self._read_readings()
        agreed, readings = agree(before, now, forge_time)
        if readings != before:
            self._write_readings(readings)
        if agreed is None:
            return
        self._now = agreed
        self._old = self._places_before(agreed)
        with locked(self._layout.changes):
            self._catalog.past.forget(agreed - (self._limits.remember - self._limits.keep))

    def _places_before(self, now: datetime) -> Sequence[Place]:
        """What is old by then; a failed job that nobody has seen is kept for longer."""
        layout, keep = self._layout, self._limits.keep
        oldest, oldest_unseen = micros(now - keep), micros(now - max(keep, UNSEEN_KEPT))
        marks = seen_in(layout.failed)
        # A mark is made after the job's name, so that none is missed here which is needed.
        failed = listed(layout.failed)
        remove_marks(layout.failed, set(marks).difference(failed))
        seen = set(marks)
        old = [
            Place(path, name)
            for path in (layout.done, layout.deleted)
            for name in listed(path)
            if name.order < oldest
        ]
        return old + [
            Place(layout.failed, name)
            for name in failed
            if name.order < (oldest if name in seen else oldest_unseen)
        ]

    def prune(self) -> bool:
        """Delete a bounded number of what was found; return whether there is more."""
        batch, self._old = self._old[:_BATCH], self._old[_BATCH:]
        if batch:
            # Who asks for a key meanwhile would find it neither in the history nor in the past.
            with locked(self._layout.changes):
                self._delete(batch)
        return bool(self._old)

    def _delete(self, places: Iterable[Place]) -> None:
        """What is to be remembered is durable before anything is deleted."""
        found: dict[Place, PastJob | None] = {}
        for place in places:
            try:
                found[place] = self._past_job(place)
            except (FileNotFoundError, Unreadable):
                continue
        self._catalog.past.remember([job for job in found.values() if job], self._now)
        for place in found:
            durable.forget(self._layout.failed_file(place.name.id))
            durable.forget(place.path)
            durable.forget(mark_of(place))
        for directory in {place.directory for place in found}:
            durable.sync_directory(directory)
        log.info("pruned", "Old records were removed.", count=len(found))

    def _past_job(self, place: Place) -> PastJob | None:
        try:
            return PastJob.of(self._catalog.read(place), moment(place.name.order))
        except (Unfit, InvalidRequest):
            if place.name.digest == NO_DIGEST or place.directory == self._layout.deleted:
                return None
            return past_of_name(place.name, self._catalog.state(place))

    def _read_readings(self) -> Sequence[Instant]:
        try:
            value = parse(read_own(self._readings, _LIMIT))
            readings = value if isinstance(value, list) else []
            return tuple(from_json(Instant, reading) for reading in readings)
        except (FileNotFoundError, Unfit, Unreadable, InvalidRequest):
            # Without an earlier reading, this one is the first, and nothing is deleted yet.
            return ()

    def _write_readings(self, readings: Sequence[Instant]) -> None:
        draft = self._layout.draft("readings.json")
        durable.create(draft, encode([to_json(reading) for reading in readings]) + b"\n")
        durable.replace(draft, self._readings)
