"""All that a spool holds, to be compared before and after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from comenq_core.model import Job, Pacing, Pause
from tests.spool.rig import FROZEN, open_at, places_of

__all__ = ["Snapshot", "assert_one_of", "recovered"]


@dataclass(frozen=True)
class Snapshot:
    """All that a spool holds, as its users see it."""

    jobs: dict[str, Job]
    pacing: dict[str, Pacing]
    pause: Pause | None
    drops: tuple[str, ...]


def recovered(path: Path) -> Snapshot:
    """What the next worker makes of a spool."""
    with closing(open_at(path, FROZEN)) as store:
        with store.lock():
            while store.housekeep():
                continue
        places = places_of(path)
        assert all(len(directories) == 1 for directories in places.values()), places
        drops = [*(path / "adopt").iterdir(), *(path / "new").glob("*.json")]
        return Snapshot(
            jobs={job_id: store.get(job_id) for job_id in places},
            pacing=dict(store.pacing()),
            pause=store.paused(),
            drops=tuple(drop.name for drop in drops),
        )


def assert_one_of(allowed: Sequence[Snapshot], found: Snapshot, where: str) -> None:
    """Assert that each job and record is as in one of these, and no dropped file is left."""
    for job_id in set(found.jobs).union(*(snapshot.jobs for snapshot in allowed)):
        stories = [snapshot.jobs.get(job_id) for snapshot in allowed]
        assert found.jobs.get(job_id) in stories, where
    assert found.pacing in [snapshot.pacing for snapshot in allowed], where
    assert found.pause in [snapshot.pause for snapshot in allowed], where
    assert found.drops == (), where
