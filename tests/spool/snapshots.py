"""All that a spool holds, to be compared before and after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from comenq_core.model import Follow, Job, Lane, LaneRecord, Pacing, Pause
from comenq_core.model.past_job import PastJob
from comenq_plugins.spool.format.past_job import decode_line
from tests.spool.rig import FROZEN, open_at, places_of

__all__ = ["Snapshot", "assert_one_of", "recovered"]


@dataclass(frozen=True)
class Snapshot:
    """All that a spool holds, as its users see it."""

    jobs: dict[str, Job]
    pacing: dict[str, Pacing]
    pause: Pause | None
    drops: tuple[str, ...]
    past: dict[str, PastJob]
    lanes: dict[Lane, LaneRecord]
    follows: dict[str, Follow]

    def knows(self, job_id: str) -> bool:
        """Whether the job is there, or what is remembered of it."""
        return job_id in self.jobs or job_id in self.past


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
            past=past_of(path),
            lanes=dict(store.lanes()),
            follows=dict(store.follows()),
        )


def past_of(path: Path) -> dict[str, PastJob]:
    """What is remembered of jobs that are no longer in the history."""
    texts = [file.read_bytes() for file in (path / "past").iterdir()]
    jobs = [decode_line(line) for text in texts for line in text.split(b"\n")[:-1]]
    return {job.id: job for job in jobs}


def assert_one_of(allowed: Sequence[Snapshot], found: Snapshot, where: str) -> None:
    """Assert that each job and record is as in one of these, and no dropped file is left.

    A job that leaves the history is remembered before, and never in neither place.
    """
    everything = [found, *allowed]
    for job_id in {job_id for one in everything for job_id in (*one.jobs, *one.past)}:
        stories = [snapshot.jobs.get(job_id) for snapshot in allowed]
        assert found.jobs.get(job_id) in stories, where
        assert found.past.get(job_id) in [one.past.get(job_id) for one in allowed], where
        if all(snapshot.knows(job_id) for snapshot in allowed):
            assert found.knows(job_id), where
    assert found.pacing in [snapshot.pacing for snapshot in allowed], where
    assert found.lanes in [snapshot.lanes for snapshot in allowed], where
    assert found.follows in [snapshot.follows for snapshot in allowed], where
    assert found.pause in [snapshot.pause for snapshot in allowed], where
    assert found.drops == (), where
