"""Waiting until jobs are over."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.cli.comenq import waiter
from comenq_core.cli.comenq.awaited import AT_ONCE, LONGEST, SHORTEST, next_asked, next_pause
from comenq_core.cli.comenq.main import main
from comenq_core.listener.queue import JobQueue
from comenq_core.model import (
    Change,
    CommentRequest,
    Done,
    Entry,
    Failed,
    NewJob,
    Origin,
    Pacing,
    Unconfirmed,
    Verdict,
)
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.cli.fake_daemon import fake_daemon, read_to_end
from tests.cli.terminal import on_terminal
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
    """A daemon that counts requests about jobs, and a worker that does nothing."""
    monkeypatch.setattr(_CountingQueue, "requests", 0)
    with serving(directory / "c.sock", wrap=_counting) as up, up.store.lock():
        yield up


def _waits_for(job_id: str) -> str:
    return f"comenq: waiting for {job_id} · o/r#1 · 1st in queue · now\n"


def _put(comenq: Comenq, *bodies: str) -> list[str]:
    return [json.loads(comenq("o/r", "1", body, "--json").stdout)["id"] for body in bodies]


def _settle(served: Served, verdict: Verdict) -> None:
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, verdict, ATTEMPT)


Ended = Callable[[], tuple[int, str, str]]


@contextmanager
def _begun(served: Served, *words: str, asked: int = 1) -> Iterator[Ended]:
    """The command, once it has asked about so many; the value returns its status and output."""
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
            until(lambda: _CountingQueue.requests >= before + asked or process.poll() is not None)
            yield ended
        finally:
            process.kill()


def test_url_is_printed_once_it_is_posted(comenq: Comenq, served: Served) -> None:
    """Wait prints the URL and succeeds once the comment is posted."""
    (job_id,) = _put(comenq, "text")
    with _begun(served, "wait", job_id[:8]) as ended:
        _settle(served, POSTED)
        assert ended() == (0, f"{URL}\n", _waits_for(job_id))


@pytest.mark.parametrize(
    ("verdict", "status", "told"),
    [
        (Failed(reason="it is locked"), 1, "failed: it is locked"),
        (Done(reason="the pull request is closed"), 1, "skipped: the pull request is closed"),
        (Unconfirmed(reason="which?"), 5, "unconfirmed: which? (see comenq show {job_id})"),
    ],
)
def test_reason_is_printed_if_it_is_not_posted(
    comenq: Comenq, served: Served, verdict: Verdict, status: int, told: str
) -> None:
    """If the job is over, wait exits with 1, and with 5 if a person has to end it, and says why."""
    (job_id,) = _put(comenq, "text")
    with _begun(served, "wait", job_id) as ended:
        _settle(served, verdict)
        said = f"{_waits_for(job_id)}comenq: {job_id}: {told.format(job_id=job_id)}\n"
        assert ended() == (status, "", said)


def test_held_job_ends_the_wait(comenq: Comenq, served: Served) -> None:
    """Wait exits with 5 for a job that is held, and says how it is released."""
    (job_id,) = _put(comenq, "text")
    served.store.change(job_id, Change.HOLD)
    done = comenq("wait", job_id)
    assert (done.returncode, done.stdout) == (5, "")
    wanted = f"comenq: {job_id}: held: to let it be posted: comenq release {job_id}\n"
    assert done.stderr == wanted


def test_paused_queue_ends_the_wait(comenq: Comenq) -> None:
    """Wait exits with 5 while the queue is paused, and says why for all jobs at once."""
    first, second = _put(comenq, "one", "two")
    comenq("pause", "lunch")
    done = comenq("wait", first, second)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith(
        f"comenq: {first} and 1 more: stays queued: the queue is paused since "
    )
    assert done.stderr.endswith(": lunch (resume it with comenq resume)\n")
    assert done.stderr.count("\n") == 1


def test_refused_credential_ends_the_wait(comenq: Comenq, served: Served) -> None:
    """Wait exits with 5 if no account can post the job, and says what to do."""
    (job_id,) = _put(comenq, "text")
    bad = Pacing(account="bot", at=served.store.now(), cause="unauthorized")
    served.store.save_pacing(bad, expect=None)
    done = comenq("wait", job_id)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == (
        f"comenq: {job_id}: stays queued: the credential of account bot is refused:"
        " give comenqd a valid one\n"
    )


def test_worker_that_stays_away_ends_the_wait(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wait exits with 5 if no worker runs for a minute: it may have been restarted before."""
    monkeypatch.setattr(waiter, "PATIENCE_SECONDS", 0.0)
    with serving(directory / "c.sock") as up:
        assert main(["--socket", str(up.path), "put", "o/r", "1", "text", "--wait"]) == 5
    out, err = capsys.readouterr()
    assert (out, err.count("stays queued: no worker runs")) == ("", 1)


def test_failure_does_not_hide_what_stays_queued(comenq: Comenq, served: Served) -> None:
    """If one job stays queued and another fails later, wait exits with 5."""
    failing, held = _put(comenq, "one", "two")
    served.store.change(held, Change.HOLD)
    with _begun(served, "wait", held, failing, asked=2) as ended:
        _settle(served, Failed(reason="it is locked"))
        status, _, err = ended()
    assert status == 5
    assert err.index(f"{held}: held") < err.index(f"{failing}: failed")


def test_deleted_job_is_reported(comenq: Comenq, served: Served) -> None:
    """If the job is deleted, wait fails."""
    (job_id,) = _put(comenq, "text")
    with _begun(served, "wait", job_id) as ended:
        served.store.change(job_id, Change.CANCEL)
        told = f"{_waits_for(job_id)}comenq: {job_id}: deleted\n"
        assert ended() == (1, "", told)


def test_unknown_job_is_reported_at_once(comenq: Comenq) -> None:
    """Wait fails at once for an unknown id."""
    done = comenq("wait", "zzzz")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "comenq: zzzz: no job has an id that begins so\n"


def test_timeout_is_reported(comenq: Comenq) -> None:
    """After --timeout, wait exits with 4 and prints the job's state."""
    (job_id,) = _put(comenq, "text")
    done = comenq("wait", job_id, "--timeout", "0s")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"comenq: {job_id}: timed out, the job is still waiting\n"


def test_jobs_are_printed_as_they_end(comenq: Comenq, served: Served) -> None:
    """Each of several jobs is printed when it is over, and all must be posted to succeed."""
    first, second = _put(comenq, "one", "two")
    with _begun(served, "wait", first, second, first[:6], "--json", asked=3) as ended:
        _settle(served, Failed(reason="it is locked"))
        _settle(served, POSTED)
        status, out, err = ended()
    jobs = [json.loads(line) for line in out.splitlines()]
    told = {(job["id"], job["state"]) for job in jobs}
    assert told == {(first, "failed"), (second, "posted")}
    assert len(jobs) == len(told)
    assert status == 1
    assert err.startswith("comenq: waiting for 2 · next ")
    assert err.count("\n") == 1


def test_ids_come_from_standard_input(comenq: Comenq, served: Served) -> None:
    """The argument - stands for the ids on standard input, which may be none."""
    job_ids = _put(comenq, "one", "two")
    for _ in job_ids:
        _settle(served, POSTED)
    done = comenq("wait", "-", stdin="\n".join(job_ids).encode())
    assert (done.returncode, done.stdout) == (0, f"{URL}\n{URL}\n")
    done = comenq("wait", "-")
    assert (done.returncode, done.stdout) == (0, "")


def test_all_that_is_queued_is_waited_for(comenq: Comenq, served: Served) -> None:
    """With --all, wait is for what is queued now, which may be nothing."""
    assert comenq("wait", "--all").returncode == 0
    job_ids = _put(comenq, "one", "two")
    with _begun(served, "wait", "--all", "--json", asked=2) as ended:
        for _ in job_ids:
            _settle(served, POSTED)
        status, out, _ = ended()
    assert status == 0
    assert sorted(json.loads(line)["id"] for line in out.splitlines()) == sorted(job_ids)


def test_without_an_id_the_last_own_job_is_meant(comenq: Comenq, served: Served) -> None:
    """Without an id, wait is for the job that this user has queued last."""
    done = comenq("wait")
    assert (done.returncode, done.stdout) == (1, "")
    assert "you have queued nothing" in done.stderr
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="mine")
    for uid in (os.getuid(), os.getuid(), os.getuid() + 1):
        served.store.clock.advance(1)
        origin = Origin(intake="unix", uid=uid)
        served.store.put([NewJob(request=request, origin=origin)])
    first, last, other = served.store.pending()
    assert first.arrived < last.arrived < other.arrived
    with _begun(served, "wait", "--json", "--timeout", "0s") as ended:
        status, out, _ = ended()
    assert (status, json.loads(out)["id"]) == (4, last.id)


def test_job_is_printed_once(comenq: Comenq, served: Served) -> None:
    """A job that is given twice is printed once."""
    (job_id,) = _put(comenq, "one")
    _settle(served, POSTED)
    assert comenq("wait", job_id, job_id[:6]).stdout == f"{URL}\n"


def test_put_waits(comenq: Comenq, served: Served) -> None:
    """With --wait, put waits until the comment is posted; it prints the URL, and notes apart."""
    with _begun(served, "put", "o/r", "1", "text", "--wait") as ended:
        (job,) = served.store.pending()
        _settle(served, POSTED)
        status, out, err = ended()
    assert (status, out) == (0, f"{URL}\n")
    assert err == f"comenq: queued {job.id} · o/r#1 · 1st in queue · now\n{_waits_for(job.id)}"


@pytest.mark.parametrize(("timeout", "status"), [("0s", 4), (None, 0)])
def test_put_that_waits_prints_one_object(
    comenq: Comenq, served: Served, timeout: str | None, status: int
) -> None:
    """With --json --wait, put prints the job once: as it ended, or as it is at the time-out."""
    more = ["--timeout", timeout] if timeout else []
    with _begun(served, "put", "o/r", "1", "text", "--wait", "--json", *more) as ended:
        if not timeout:
            _settle(served, POSTED)
        code, out, _ = ended()
    job = json.loads(out)
    assert (code, job["state"]) == (status, "waiting" if timeout else "posted")
    assert (job["position"], job["attempts_made"]) == ((1, 0) if timeout else (None, 1))


@pytest.mark.parametrize("words", [["--timeout", "1h"], ["--wait", "--timeout", "soon"]])
def test_wrong_timeout_queues_nothing(comenq: Comenq, served: Served, words: list[str]) -> None:
    """A --timeout that ends nothing, or is no time, exits with 2 before anything is queued."""
    assert comenq("put", "o/r", "1", "text", *words).returncode == 2
    assert not served.store.pending()


def test_daemon_that_goes_away_does_not_make_the_comment_unqueued(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If no daemon answers after its acknowledgement, put --wait exits with 5."""
    monkeypatch.setattr(waiter, "PATIENCE_SECONDS", 0.0)
    entry = {"id": "7f3kq2m8x1ab", "state": "waiting", "position": 0, "eta_seconds": 60}

    def acknowledge(connection: socket.socket) -> None:
        read_to_end(connection)
        connection.sendall(json.dumps({"outcome": "ok", "entry": entry}).encode() + b"\n")

    path = directory / "c.sock"
    with fake_daemon(path, acknowledge):
        assert main(["--socket", str(path), "put", "o/r", "1", "text", "--wait"]) == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "comenq: 7f3kq2m8x1ab: stays queued"


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
                status, out, _ = ended()
                assert (status, out) == (0, f"{URL}\n")


def test_missing_daemon_is_reported(directory: Path) -> None:
    """Without a daemon at the start, wait exits with 3."""
    assert run("wait", "zzzz", env=environment(directory / "no.sock")).returncode == 3


@pytest.mark.parametrize(
    "words", [["wait", "zzzz", "--all"], ["wait", "zzzz", "--timeout", "soon"]]
)
def test_wrong_arguments_are_a_usage_error(comenq: Comenq, words: list[str]) -> None:
    """Ids beside --all, or an invalid timeout, exit with 2."""
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


def test_seconds_run_down_on_a_terminal(served: Served) -> None:
    """On a terminal one line says what is waited for, and for how long; it goes in the end."""
    now = served.store.now()
    served.store.save_pacing(Pacing(account="bot", at=now), expect=None)
    with on_terminal("put", "o/r", "1", "text", "--wait", env=environment(served.path)) as session:
        session.see("waiting for ")
        session.see("o/r#1 · 1st in queue · in 15:00")
        session.see("in 14:5")
        _settle(served, POSTED)
        assert session.end() == 0
    assert session.seen.endswith(f"\r\x1b[K{URL}\r\n")
    assert session.seen.count("\n") == 2


jobs = st.dictionaries(
    st.text("abcdef", min_size=1),
    st.none() | st.builds(lambda eta: {"eta_seconds": eta}, st.none() | st.integers(0, 99)),
)


@given(awaited=jobs, number=st.integers(1, 500))
def test_few_jobs_are_asked_about_at_once(
    awaited: dict[str, dict[str, int | None] | None], number: int
) -> None:
    """The first in the queue are asked about each time, and all others in turn."""
    many = {**awaited, **{str(one): {"eta_seconds": 100 + one} for one in range(number)}}
    asked = next_asked(many)
    assert len(asked) <= 2 * AT_ONCE
    assert set(asked) >= {*list(many)[:AT_ONCE]}
    known = {word: job["eta_seconds"] for word, job in many.items() if job}
    times = {word: seconds for word, seconds in known.items() if seconds is not None}
    left = [seconds for word, seconds in times.items() if word not in asked]
    soonest = sorted(times.values())[:AT_ONCE]
    assert not left or min(left) >= soonest[-1]
