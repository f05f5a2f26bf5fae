"""Makes a long queue quicker than by queuing each comment."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from benchmarks.store_rows import NEW_JOB, spool_at
from comenq_core.model import NewJob
from comenq_core.model.identity import id_from
from comenq_core.protocols import Store
from comenq_plugins.spool.format.filename import Name

REAL = 100
"""So many comments at the front are files of their own: no row claims, or changes, more of them."""
LINKS = 10_000
"""Names that one file gets; ext4 allows 65,000."""


def fill(root: Path, total: int) -> None:
    """See that so many comments wait in the spool below ``root``."""
    with closing(spool_at(root)) as store:
        extend(store, root, total, NEW_JOB)


def extend(store: Store, root: Path, total: int, new_job: NewJob) -> None:
    """The same, in an open store, with copies of a comment at the end of the queue.

    All of them can be read. What is measured lists their names, and opens only the first.
    """
    new = root / "queue" / "new"
    waiting = len(os.listdir(new))
    if not waiting:
        store.put([new_job] * min(REAL, total))
        waiting = min(REAL, total)
    for number in range(waiting, total, LINKS):
        (job,) = store.put([new_job])
        name = _name_of(job.id, new)
        for ahead in range(1, min(LINKS, total - number)):
            copy = name._replace(order=name.order + ahead, id=id_from(f"{job.id}{ahead}".encode()))
            os.link(new / str(name), new / str(copy))


def _name_of(job_id: str, directory: Path) -> Name:
    names = map(Name.parse, os.listdir(directory))
    return next(name for name in names if name and name.id == job_id)
