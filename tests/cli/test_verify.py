"""Queueing a comment and waiting until its pull request was found."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comenq_core.listener.queue import JobQueue
from comenq_core.model import Failed, Requeued
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served, serving, until

FOUND = replace(ATTEMPT, outcome="verified", message="open pull request: Fix the parser")


def _verifying(queue: JobQueue) -> JobQueue:
    return JobQueue(queue._store, queue._pace, verifies_targets=True)


@pytest.fixture
def verifying(directory: Path) -> Iterator[Served]:
    """A daemon that verifies targets, and a worker that does nothing."""
    with serving(directory / "c.sock", wrap=_verifying) as up, up.store.lock():
        yield up


@pytest.mark.parametrize(
    ("verdict", "status", "told"),
    [
        (Requeued(reason=""), 0, "verified: open pull request: Fix the parser"),
        (Failed(reason="there is no such pull request"), 1, "failed: there is no such pull"),
    ],
)
def test_put_tells_what_was_found(
    verifying: Served, verdict: Requeued | Failed, status: int, told: str
) -> None:
    """Exit status 0 if the pull request is there, and 1 with the reason if it is not."""
    with subprocess.Popen(
        [*PROGRAM, "put", "o/r", "1", "text", "--verify"],
        env=environment(verifying.path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: len(verifying.store.pending()) == 1)
        (job,) = verifying.store.pending()
        verifying.store.record_target(job.id, verdict, FOUND)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (status, f"queued {job.id} · o/r#1 · 1st in queue · now\n")
    assert err.startswith(f"comenq: {job.id}: {told}")


def test_what_is_not_known_in_time_stays_queued(verifying: Served) -> None:
    """Exit status 4 says so; the comment must not be queued again."""
    words = ("put", "o/r", "1", "text", "--verify", "--timeout", "0s")
    done = run(*words, env=environment(verifying.path))
    (job,) = verifying.store.pending()
    assert done.returncode == 4
    assert done.stderr.startswith(f"comenq: {job.id}: stays queued")


def test_a_daemon_that_verifies_nothing_is_told_before(comenq: Comenq, served: Served) -> None:
    """Nothing is queued, and the message names the setting."""
    done = comenq("put", "o/r", "1", "text", "--verify")
    assert (done.returncode, done.stdout) == (1, "")
    assert "verify_targets = true" in done.stderr
    assert served.store.pending() == []
