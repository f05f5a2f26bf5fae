"""Texts that are erased, and failed jobs that a person has seen, in the files of a spool."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from comenq_core.errors import NoSuchJob
from comenq_core.model import Change, Failed, Job, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import put_in_state
from comenq_plugins.spool import SpoolStore
from tests.spool.rig import Opener, attempt, claim, drop, new_job, put, request_text

DAY = 86_400.0
SECRET = "s3cret"


def holding(spool: Path, text: str) -> list[str]:
    """The files of the spool that have a text in them."""
    files = [path for path in spool.rglob("*") if path.is_file()]
    return sorted(
        str(path.relative_to(spool)) for path in files if text.encode() in path.read_bytes()
    )


def fail(store: SpoolStore, body: str) -> Job:
    """Queue a comment, which fails."""
    (job,) = put(store, body)
    with store.lock():
        store.settle(claim(store), Failed(reason="locked"), attempt(store))
    return job


@pytest.mark.parametrize("state", [state for state in State if state is not State.POSTING])
def test_no_file_has_an_erased_text(store: SpoolStore, spool: Path, state: State) -> None:
    """Neither the job's file, nor what crashes have left of it elsewhere; other jobs stay."""
    put(store, "other")
    job = put_in_state(store, state)
    body = job.asked.body
    (path,) = spool.rglob(f"*{job.id}*.job")
    for copy in (f"tmp/{path.name}.x-1-0", f"adopt/{job.id}.drop", f"failed/{job.id}.drop",
                 f"hold/{path.name}"):  # fmt: skip
        if not (spool / copy).exists():
            shutil.copy(path, spool / copy)
    assert len(holding(spool, body)) >= 4
    store.forget(job.id, "so")
    assert holding(spool, body) == []
    assert len(holding(spool, "other")) == 1


def test_no_worker_takes_a_job_that_is_being_erased(
    store: SpoolStore, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While its key is written down, the job waits no longer: nobody can claim it."""
    other, claimed = opener(), []
    (job,) = store.put([new_job(SECRET, key="k")])
    monkeypatch.setattr(
        store._catalog.past, "remember", lambda *_: claimed.append(other.claim("bot"))
    )
    store.forget(job.id, "so")
    assert claimed == [None]


def test_a_failed_drop_is_erased(store: SpoolStore, spool: Path) -> None:
    """What was dropped, and is no request, goes with the entry that tells of it."""
    drop(spool, "bad.json", f'{{"body": "{SECRET}"'.encode())
    store.housekeep()
    (job,) = store.history(limit=9)
    assert holding(spool, SECRET) == [f"failed/{job.id}.drop"]
    store.forget(job.id, "so")
    assert os.listdir(spool / "failed") == []


def test_a_dropped_comment_is_erased(store: SpoolStore, spool: Path) -> None:
    """So is a file that became a job."""
    drop(spool, "one.json", request_text(SECRET))
    store.housekeep()
    store.forget(store.pending()[0].id, "so")
    assert holding(spool, SECRET) == []


@pytest.mark.parametrize("damage", [b"", b"\0"])
def test_a_damaged_job_is_erased(store: SpoolStore, spool: Path, damage: bytes) -> None:
    """Its file may have the text, whatever else is wrong with it; its key queues nothing."""
    (job,) = store.put([new_job(SECRET, key="k")])
    (path,) = (spool / "new").iterdir()
    path.write_bytes(damage + path.read_bytes()[:-5])
    store.forget(job.id, "so")
    assert holding(spool, SECRET) == []
    (again,) = store.put([new_job(SECRET, key="k")])
    assert (again.id, again.state) == (job.id, State.FAILED)
    with pytest.raises(NoSuchJob):
        store.get(job.id)


def test_the_mark_of_a_job_goes_with_it(store: SpoolStore, spool: Path) -> None:
    """Retried, deleted or erased, a job leaves no mark behind."""
    jobs = [fail(store, body) for body in ("a", "b", "c")]
    store.mark_seen([job.id for job in jobs])
    assert len(os.listdir(spool / "failed")) == 6
    store.change(jobs[0].id, Change.RETRY)
    store.change(jobs[1].id, Change.CANCEL)
    store.forget(jobs[2].id, "so")
    assert os.listdir(spool / "failed") == []


def test_a_mark_without_its_job_is_removed(
    store: SpoolStore, spool: Path, clock: FakeClock
) -> None:
    """What a crash has left goes when the store looks for what is old; others' files stay."""
    (job,) = (fail(store, "a"),)
    store.mark_seen([job.id])
    (mark,) = (spool / "failed").glob("*.seen")
    stale = mark.with_name(mark.name.replace(job.id, "0" * 12))
    stale.touch()
    (spool / "failed/x.seen").touch()
    store.housekeep()
    clock.advance(DAY)
    store.housekeep()
    assert mark.exists()
    assert not stale.exists()
    assert (spool / "failed/x.seen").exists()
