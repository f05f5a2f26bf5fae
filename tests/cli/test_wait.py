"""Waiting until jobs are over."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.cli.comenq.wait import LONGEST, SHORTEST, next_pause
from comenq_core.listener.queue import JobQueue
from comenq_core.model import Change, Done, Entry, Failed, Unconfirmed, Verdict
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served, serving, until

URL = "https://github.com/o/r/pull/1#issuecomment-1"
POSTED = Done(url=URL, comment_id=1)


class _CountingQueue(JobQueue):
    """Counts requests about a job."""

    requests = 0

    def show(self, prefix: str) -> Entry:
        """The same, counted."""
        try:
            return super().show(prefix)
        finally:
            _CountingQueue.requests += 1


def _counting(queue: JobQueue) -> JobQueue:
    return _CountingQueue(queue._store, queue._pace)


@pytest.fixture
def served(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A daemon that counts requests about jobs."""
    monkeypatch.setattr(_CountingQueue, "requests", 0)
    with serving(directory / "c.sock", wrap=_counting) as up:
        yield up


def _put(comenq: Comenq, *bodies: str) -> list[str]:
    return [json.loads(comenq("o/r", "1", body, "--json").stdout)["id"] for body in bodies]


def _settle(served: Served, verdict: Verdict) -> None:
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, verdict, ATTEMPT)


Ended = Callable[[], tuple[int, str, str]]


@contextmanager
def _begun(served: Served, *words: str) -> Iterator[Ended]:
    """The command, once it has asked about the job; the value returns its status and output."""
    before = _CountingQueue.requests
    with subprocess.Popen(
        [*PROGRAM, *words],
        env=environment(served.path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        def ended() -> tuple[int, str, str]:
            out, err = process.communicate(timeout=DEADLINE)
            return process.returncode, out, err

        try:
            until(lambda: _CountingQueue.requests > before or process.poll() is not None)
            yield ended
        finally:
            process.kill()


def test_url_is_printed_once_it_is_posted(comenq: Comenq, served: Served) -> None:
    """Wait prints the URL and succeeds once the comment is posted."""
    (job_id,) = _put(comenq, "text")
    with _begun(served, "wait", job_id[:8]) as ended:
        _settle(served, POSTED)
        assert ended() == (0, f"{URL}\n", "")


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Failed(reason="it is locked"), "failed: it is locked"),
        (Done(reason="the pull request is closed"), "skipped: the pull request is closed"),
        (Unconfirmed(reason="which?"), "unconfirmed: which? (see comenq show {job_id})"),
    ],
)
def test_reason_is_printed_if_it_is_not_posted(
    comenq: Comenq, served: Served, verdict: Verdict, told: str
) -> None:
    """If the job is over, or a person has to end it, wait fails, and prints why and no URL."""
    (job_id,) = _put(comenq, "text")
    with _begun(served, "wait", job_id) as ended:
        _settle(served, verdict)
        assert ended() == (1, "", f"comenq: {job_id}: {told.format(job_id=job_id)}\n")


def test_deleted_job_is_reported(comenq: Comenq, served: Served) -> None:
    """If the job is deleted, wait fails."""
    (job_id,) = _put(comenq, "text")
    with _begun(served, "wait", job_id) as ended:
        served.store.change(job_id, Change.CANCEL)
        assert ended() == (1, "", f"comenq: {job_id}: was deleted\n")


def test_unknown_job_is_reported_at_once(comenq: Comenq) -> None:
    """Wait fails at once for an unknown id."""
    done = comenq("wait", "zzzz")
    assert (done.returncode, done.stdout) == (1, "")
    assert "zzzz" in done.stderr


def test_timeout_is_reported(comenq: Comenq) -> None:
    """After --timeout, wait fails and prints the job's state."""
    (job_id,) = _put(comenq, "text")
    done = comenq("wait", job_id, "--timeout", "0s")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"comenq: {job_id}: timed out, the job is still waiting\n"


def test_jobs_are_printed_as_they_end(comenq: Comenq, served: Served) -> None:
    """Each of several jobs is printed when it is over, and all must be posted to succeed."""
    first, second = _put(comenq, "one", "two")
    with _begun(served, "wait", first, second, first[:6], "--json") as ended:
        _settle(served, Failed(reason="it is locked"))
        _settle(served, POSTED)
        status, out, err = ended()
    jobs = [json.loads(line) for line in out.splitlines()]
    told = {(job["id"], job["state"]) for job in jobs}
    assert told == {(first, "failed"), (second, "posted")}
    assert len(jobs) == len(told)
    assert (status, err) == (1, "")


def test_ids_come_from_standard_input(comenq: Comenq, served: Served) -> None:
    """The argument - stands for the ids on standard input, which may be none."""
    job_ids = _put(comenq, "one", "two")
    for _ in job_ids:
        _settle(served, POSTED)
    done = comenq("wait", "-", stdin="\n".join(job_ids).encode())
    assert (done.returncode, done.stdout) == (0, f"{URL}\n{URL}\n")
    done = comenq("wait", "-")
    assert (done.returncode, done.stdout) == (0, "")
    assert comenq("wait").returncode == 2


def test_job_is_printed_once(comenq: Comenq, served: Served) -> None:
    """A job that is given twice is printed once."""
    (job_id,) = _put(comenq, "one")
    _settle(served, POSTED)
    assert comenq("wait", job_id, job_id[:6]).stdout == f"{URL}\n"


def test_put_waits(comenq: Comenq, served: Served) -> None:
    """With --wait, put prints the id, waits until the comment is posted, and prints its URL."""
    with _begun(served, "put", "o/r", "1", "text", "--wait") as ended:
        (job,) = served.store.pending()
        _settle(served, POSTED)
        status, out, err = ended()
    assert out.splitlines() == [f"queued {job.id} · o/r#1 · 1st in queue · now", URL]
    assert (status, err) == (0, "")


def test_wait_survives_a_restart_of_the_daemon(directory: Path) -> None:
    """If the daemon restarts, wait asks again when it is back."""
    path = directory / "c.sock"
    with serving(path, wrap=_counting) as first:
        (job_id,) = _put(lambda *words: run(*words, env=environment(path)), "text")
        with _begun(first, "wait", job_id) as ended:
            first.finish()
            with serving(path, wrap=_counting) as second:
                second.store.import_jobs(first.store.pending())
                _settle(second, POSTED)
                assert ended() == (0, f"{URL}\n", "")


def test_missing_daemon_is_reported(directory: Path) -> None:
    """Without a daemon at the start, wait exits with 3."""
    assert run("wait", "zzzz", env=environment(directory / "no.sock")).returncode == 3


@pytest.mark.parametrize("words", [["wait"], ["wait", "zzzz", "--timeout", "soon"]])
def test_wrong_arguments_are_a_usage_error(comenq: Comenq, words: list[str]) -> None:
    """Missing ids, or an invalid timeout, exit with 2."""
    assert comenq(*words).returncode == 2


@given(left=st.none() | st.floats(0, 1e9), before=st.floats(SHORTEST, LONGEST))
def test_pauses_stay_within_limits(left: float | None, before: float) -> None:
    """Pauses stay within limits, and grow to the longest while the time left is unknown."""
    pause = next_pause(left, before)
    assert SHORTEST <= pause <= LONGEST
    assert left or pause == min(LONGEST, 1.5 * before)


@given(left=st.floats(4 * SHORTEST, 1e9), before=st.floats(SHORTEST, LONGEST))
def test_pause_is_a_quarter_of_the_time_left(left: float, before: float) -> None:
    """A pause is at most a quarter of the time that is left."""
    assert next_pause(left, before) <= left / 4
