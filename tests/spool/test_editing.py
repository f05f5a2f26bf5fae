"""A comment is edited in its file while a worker may take it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from comenq_core.errors import WrongState
from comenq_core.model import Job
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool import SpoolStore, operators
from comenq_plugins.spool import worker as worker_module
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from tests.spool.rig import Opener, put

LIMIT = 2_000


def test_a_claim_waits_for_an_edit(
    store: SpoolStore, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the worker records is never written over: it gets the job before or after an edit."""
    (job,) = put(store, "old")
    worker, asks = opener(), threading.Event()
    claims: list[Future[Job | None]] = []
    append = durable.append

    def note_and_lock(path: str) -> object:
        asks.set()
        return locked(path)

    def append_while_it_is_claimed(path: str, keep: int, data: bytes) -> None:
        append(path, keep, data)
        claims.append(pool.submit(worker.claim, "bot"))
        assert asks.wait(DEADLINE)

    monkeypatch.setattr(worker_module, "locked", note_and_lock)
    monkeypatch.setattr(durable, "append", append_while_it_is_claimed)
    with ThreadPoolExecutor(1) as pool:
        store.edit(job, replace(job.asked, body="new"))
    claimed = claims[0].result() or worker.claim("bot")
    assert claimed is not None
    assert claimed.asked.body == "new"


def test_a_comment_is_edited_as_often_as_its_file_stays_readable(
    store: SpoolStore, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the edit is refused, and the job keeps its latest text."""
    monkeypatch.setattr(operators, "JOB_LIMIT", LIMIT)
    (job,) = put(store, "0")
    while (size := size_in(spool)) <= LIMIT // 2:
        job = store.edit(job, replace(job.asked, body=str(size)))
    with pytest.raises(WrongState, match="was edited too often: delete it"):
        store.edit(job, replace(job.asked, body="one more"))
    assert store.get(job.id) == job


def size_in(spool: Path) -> int:
    """The bytes of the only job's file."""
    (path,) = (spool / "new").iterdir()
    return path.stat().st_size
