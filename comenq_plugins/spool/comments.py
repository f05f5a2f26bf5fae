"""Whose comments are whose, on one pull request."""

from __future__ import annotations

from collections.abc import Collection

from comenq_core.errors import InvalidRequest
from comenq_core.model import Job
from comenq_core.model.identity import comment_ids_of
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable
from comenq_plugins.spool.places import Place

__all__ = ["Comments"]


class Comments:
    """Finds the comments of other jobs; to which pull request a job belongs is read once.

    Args:
        catalog: the spool.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._targets: dict[str, str] = {}

    def of_others(self, job: Job) -> Collection[int | str]:
        """The ids of all comments that other jobs have on this job's pull request."""
        target = job.asked.target.lower()
        places = [place for place in self._attempted() if place.name.id != job.id]
        self._learn(places)
        there = [place for place in places if self._targets.get(place.name.id) == target]
        found = {each for other in self._catalog.jobs(there) for each in comment_ids_of(other)}
        # Last: what is deleted from the history meanwhile is remembered by then.
        return found | self._catalog.past.comment_ids(target, job.id)

    def _attempted(self) -> list[Place]:
        """The jobs that may have a comment: of those that wait, what has been attempted."""
        layout, names = self._catalog.layout, self._catalog.listings.names
        directories = [path for path in layout.states if path != layout.new]
        places = [Place(path, name) for path in directories for name in names(path)]
        places += [Place(layout.new, name) for name in self._catalog.index]
        waiting = {layout.new, layout.hold}
        return [one for one in places if one.name.events or one.directory not in waiting]

    def _learn(self, places: Collection[Place]) -> None:
        """Remember the pull request of each, which never changes; forget those that are gone."""
        known, self._targets = self._targets, {}
        texts: dict[str, str] = {}
        for place in places:
            job_id = place.name.id
            target = known[job_id] if job_id in known else self._target(place)
            if target is not None:
                self._targets[job_id] = texts.setdefault(target, target)

    def _target(self, place: Place) -> str | None:
        """The pull request of a job; ``""`` for a refused file, ``None`` if it cannot be read."""
        try:
            request = self._catalog.read(place).request
        except (FileNotFoundError, Unfit, Unreadable, InvalidRequest):
            return None
        return request.target.lower() if request else ""
