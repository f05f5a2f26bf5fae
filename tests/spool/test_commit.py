"""Threads that put at the same time share a batch, and nobody's failure is another's."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from comenq_core.errors import StoreError, WrongState
from comenq_core.identity import id_from
from comenq_core.model import CommentRequest, Job, Origin, Submission
from comenq_plugins.spool.commit import GroupCommit

DEADLINE = 30


def submission(body: str) -> Submission:
    """A submission with that body."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=body)
    return Submission(request=request, origin=Origin(intake="test"))


class Slow:
    """Puts whose first batch lasts until the test lets it end."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def put(self, submissions: Sequence[Submission]) -> Sequence[Job]:
        """Refuse any batch with a bad body in it."""
        bodies = [one.request.body for one in submissions]
        self.batches.append(bodies)
        self.has_begun.set()
        assert self.may_end.wait(DEADLINE)
        if "bad" in bodies:
            raise WrongState("a bad one")
        if "no disk" in bodies:
            raise StoreError("no disk")
        if "broken" in bodies:
            raise ZeroDivisionError
        return [
            Job(
                id=id_from(one.request.body.encode()),
                request=one.request,
                arrived=datetime.now(UTC),
                origin=one.origin,
            )
            for one in submissions
        ]


def gather(commit: GroupCommit, slow: Slow, bodies: Sequence[str]) -> list[object]:
    """Let one thread lead, the others gather behind it, and then all of them go on."""
    with ThreadPoolExecutor(len(bodies) + 1) as threads:
        first = threads.submit(commit.put, [submission("first")])
        assert slow.has_begun.wait(DEADLINE)
        others = [threads.submit(commit.put, [submission(body)]) for body in bodies]
        while len(commit._waiting) < len(bodies):
            pass
        slow.may_end.set()
        first.result(DEADLINE)
        return [one.exception(DEADLINE) or one.result() for one in others]


def test_what_gathers_behind_a_batch_is_the_next_batch() -> None:
    """Eight threads that wait for one are put together, and each gets its own job."""
    slow = Slow()
    bodies = [f"body {number}" for number in range(8)]
    results = gather(GroupCommit(slow.put), slow, bodies)
    assert [sorted(batch) for batch in slow.batches] == [["first"], bodies]
    got = [job.asked.body for jobs in results for job in jobs]  # type: ignore[attr-defined]
    assert got == bodies


def test_in_a_batch_that_fails_only_the_guilty_fails() -> None:
    """Nothing of a failed batch was stored, so each of its puts is tried alone."""
    slow = Slow()
    good, bad, fine = gather(GroupCommit(slow.put), slow, ["good", "bad", "fine"])
    assert isinstance(bad, WrongState)
    assert [jobs[0].asked.body for jobs in (good, fine)] == ["good", "fine"]  # type: ignore[index]


def test_a_store_that_fails_is_not_asked_again_for_each() -> None:
    """No put is to blame, so all that were put together are told."""
    slow = Slow()
    errors = gather(GroupCommit(slow.put), slow, ["good", "no disk"])
    assert [str(error) for error in errors] == ["no disk", "no disk"]
    assert len(slow.batches) == 2


def test_a_bug_is_no_acknowledgement() -> None:
    """Whatever the store raises, who put what it choked on is told, and nobody else."""
    slow = Slow()
    good, broken = gather(GroupCommit(slow.put), slow, ["good", "broken"])
    assert isinstance(broken, ZeroDivisionError)
    assert good[0].asked.body == "good"  # type: ignore[index]


def test_a_lone_put_that_fails_raises_its_error() -> None:
    """The error is the store's own."""
    slow = Slow()
    slow.may_end.set()
    with pytest.raises(StoreError, match="a bad one"):
        GroupCommit(slow.put).put([submission("bad")])
