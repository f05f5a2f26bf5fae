"""Progress: what is overdue, what is stalled, and what is restarted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from comenq_core.listener.queue import JobQueue
from comenq_core.model import Activity, CommentRequest, Instant, Job, NewJob, Origin, Pacing, Pause
from comenq_core.policy.health import GRACE_SECONDS, OVERDUE_SECONDS, Overdue, is_busy, is_stalled
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.remedy import LISTENER, WORKER, Remedy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.wire.messages import status_to_json

POLICY = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
REQUEST = CommentRequest(owner="o", repo="r", pr_number=1, body="text")
STEP = 5.0


def later(now: Instant, seconds: float) -> Instant:
    """The instant ``seconds`` after ``now``."""
    return replace(now, wall=now.wall + timedelta(seconds=seconds), ticks=now.ticks + seconds)


def queue_with_a_job() -> tuple[FakeClock, MemoryStore, JobQueue, Job]:
    """A queue in memory, with one job that is due."""
    clock = FakeClock()
    store = MemoryStore(clock)
    (job,) = store.put([NewJob(request=REQUEST, origin=Origin(intake="test"))])
    return clock, store, JobQueue(store, POLICY), job


def test_a_report_that_is_late_is_a_stall() -> None:
    """Within its limit and some grace, a worker makes progress; without any report nobody knows."""
    now = FakeClock()()
    posting = Activity(doing="posting", since=now, limit=300)

    assert not is_stalled(posting, later(now, 300 + GRACE_SECONDS))
    assert is_stalled(posting, later(now, 301 + GRACE_SECONDS))
    assert is_busy(posting, later(now, 300))
    assert not is_busy(posting, later(now, 301 + GRACE_SECONDS))
    assert not is_stalled(None, now)


def test_status_tells_of_an_overdue_job() -> None:
    """A job that nothing has kept for a minute is overdue, and not before."""
    clock, _, queue, job = queue_with_a_job()

    assert queue.status().overdue is None
    clock.advance(OVERDUE_SECONDS - 1)
    assert queue.status().overdue is None
    clock.advance(1)
    assert queue.status().overdue == job


def test_what_is_kept_is_not_overdue() -> None:
    """A pause, and a request to the forge within its time, keep a job."""
    clock, store, queue, _ = queue_with_a_job()
    queue.status()
    store.pause(Pause(since=clock().wall, reason="", by=0))
    clock.advance(OVERDUE_SECONDS)
    assert queue.status().overdue is None
    store.resume()
    assert queue.status().overdue is None

    clock.advance(OVERDUE_SECONDS)
    store.report(Activity(doing="checking", since=clock(), limit=30))
    assert queue.status().overdue is None


def test_an_account_that_waits_keeps_its_jobs() -> None:
    """A job is overdue once its account could have posted for a minute, and has posted nothing."""
    clock, _, _, job = queue_with_a_job()
    overdue = Overdue(POLICY, {"me": (), "you": ("x/*",)})
    now = clock()
    records = {"me": Pacing(account="me", at=now)}

    assert overdue.find([job], records, later(now, 899)) is None
    assert overdue.find([job], records, later(now, 900)) is None
    assert overdue.find([job], records, later(now, 960)) == job
    posted = {"me": Pacing(account="me", at=later(now, 930))}
    assert overdue.find([job], posted, later(now, 1830)) is None


def test_a_stalled_worker_is_shown() -> None:
    """The status says that a worker makes no progress, until it reports again."""
    clock, store, queue, _ = queue_with_a_job()
    store.report(Activity(doing="waiting", since=clock(), limit=60))
    clock.advance(100)
    assert queue.status().stalled

    store.report(Activity(doing="waiting", since=clock(), limit=60))
    assert not queue.status().stalled


def test_the_protocol_names_what_the_status_has() -> None:
    """The page has every member of the status, and of what the worker reports."""
    clock, store, queue, _ = queue_with_a_job()
    store.report(Activity(doing="waiting", since=clock(), limit=60))
    page = (Path(__file__).parents[1] / "docs" / "protocol.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith("| `status` |")]
    told = status_to_json(queue.status())

    # The intake adds what it has counted itself, and which version it is.
    assert set(re.findall("`([a-z_]+)`", row)) - {"status"} == {*told, "requests", "version"}
    assert all(f"`{name}`" in page for name in told["worker"])


def restarts(remedy: Remedy, begin: float, end: float, *, answers: bool) -> list[str]:
    """The parts that are restarted while the worker is stalled, or the listener is silent."""
    parts = []
    for step in range(int((end - begin) / STEP)):
        now = begin + step * STEP
        if answers:
            remedy.answer(now, is_stalled=True)
        if part := remedy.due(now):
            parts.append(part)
            remedy.restarted(now)
    return parts


def test_a_worker_that_stays_stalled_is_restarted() -> None:
    """One answer does not suffice: after the machine has slept, a worker needs a minute."""
    remedy = Remedy(0)

    assert restarts(remedy, 0, 75, answers=True) == []
    assert remedy.stalled(74) == [WORKER]
    assert restarts(remedy, 75, 80, answers=True) == [WORKER]


def test_progress_ends_the_count() -> None:
    """A worker that has reported meanwhile is not restarted."""
    remedy = Remedy(0)
    restarts(remedy, 0, 70, answers=True)
    remedy.answer(70, is_stalled=False)

    assert restarts(remedy, 70, 140, answers=True) == []


def test_a_listener_without_answers_is_restarted() -> None:
    """It has three minutes, and is shown after one."""
    remedy = Remedy(0)

    assert restarts(remedy, 0, 180, answers=False) == []
    assert remedy.stalled(60) == []
    assert remedy.stalled(75) == [LISTENER]
    assert restarts(remedy, 180, 185, answers=False) == [LISTENER]
    assert remedy.stalled(185) == []


def test_a_supervisor_that_stood_still_restarts_nothing() -> None:
    """What it has not seen, it does not hold against the others."""
    remedy = Remedy(0)

    assert remedy.due(600) == ""


def test_restarts_that_do_not_help_are_known() -> None:
    """After three restarts within half an hour, a part that is stalled again is stuck."""
    remedy = Remedy(0)

    assert restarts(remedy, 0, 240, answers=True) == [WORKER] * 3
    remedy.answer(240, is_stalled=True)
    assert remedy.is_beyond_restarts(240)
    remedy.answer(241, is_stalled=False)
    assert not remedy.is_beyond_restarts(241)
