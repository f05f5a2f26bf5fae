"""All that a spool holds, to be compared before and after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from comenq_core.model import Job, Pacing, Pause
from tests.spool.rig import FROZEN, open_at, places_of

__all__ = ["Picture", "assert_one_of", "recovered"]


@dataclass(frozen=True)
class Picture:
    """All that a spool holds, as its users see it."""

    jobs: dict[str, Job]
    pacing: dict[str, Pacing]
    pause: Pause | None
    drops: tuple[str, ...]


def recovered(path: Path) -> Picture:
    """What the next worker makes of a spool, and everybody sees then."""
    with closing(open_at(path, FROZEN)) as store:
        with store.lock():
            while store.housekeep():
                continue
        places = places_of(path)
        assert all(len(directories) == 1 for directories in places.values()), places
        drops = [*(path / "adopt").iterdir(), *(path / "new").glob("*.json")]
        return Picture(
            jobs={job_id: store.get(job_id) for job_id in places},
            pacing=dict(store.pacing()),
            pause=store.paused(),
            drops=tuple(drop.name for drop in drops),
        )


def assert_one_of(allowed: Sequence[Picture], found: Picture, where: str) -> None:
    """Assert that each job and record is as in one of the pictures, and no drop lies about."""
    for job_id in set(found.jobs).union(*(picture.jobs for picture in allowed)):
        stories = [picture.jobs.get(job_id) for picture in allowed]
        assert found.jobs.get(job_id) in stories, where
    assert found.pacing in [picture.pacing for picture in allowed], where
    assert found.pause in [picture.pause for picture in allowed], where
    assert found.drops == (), where
