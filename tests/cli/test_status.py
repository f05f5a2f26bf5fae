"""The state of the queue: as text, as JSON, as metrics, and live."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from comenq_core.cli.comenq.prometheus import MEANINGS, metrics
from comenq_core.cli.comenq.status_text import troubles
from comenq_core.model import Capacity, Health, Pacing, Posts
from tests.cli.command import ROOT, environment, run
from tests.cli.conftest import Comenq
from tests.cli.terminal import Session, on_terminal
from tests.socket.serving import Served

CAPACITY = Capacity(resource="bytes", remaining=12_345_678_901, minimum=16_777_216)


@pytest.fixture(autouse=True)
def healthy(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store has a worker, and capacity left."""
    monkeypatch.setattr(served.store, "health", lambda: Health(working=True, capacity=(CAPACITY,)))


def _facts(comenq: Comenq) -> dict[str, str]:
    lines = comenq("status").stdout.splitlines()
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


def _pace(served: Served, **record: object) -> None:
    first = Pacing(account="octocat", at=served.store.now())
    served.store.save_pacing(replace(first, **record), expect=None)  # type: ignore[arg-type]


def test_empty_queue_is_no_trouble(comenq: Comenq) -> None:
    """With a worker, capacity left and nothing queued, the exit status is 0."""
    assert comenq("status").returncode == 0
    assert _facts(comenq) == {
        "queue": "0 waiting, 0 posting, 0 held, 0 posted, 0 failed",
        "daemon": "the listener answers; the worker runs",
        "next": "nothing waits",
        "account": "none has posted yet",
        "capacity": "12.3 GB (minimum 16.8 MB)",
    }


def test_next_post_and_its_delay_are_shown(comenq: Comenq, served: Served) -> None:
    """Status shows the next comment, when it is posted, and the forge's reason for the delay."""
    _pace(served, backoff=3600, reason="You have exceeded a secondary rate limit")
    comenq("o/r", "1", "text", "--key", "a")
    facts = _facts(comenq)
    assert facts["next"].endswith("(in 60 min)")
    assert facts["next"].startswith(served.store.pending()[0].id)
    assert facts["account"].startswith("octocat, may post about ")
    assert facts["account"].endswith("(in 60 min): You have exceeded a secondary rate limit")
    assert comenq("status").returncode == 0


def _paused(served: Served, _patch: pytest.MonkeyPatch) -> None:
    run("pause", "lunch", env=environment(served.path))


def _refused(served: Served, _patch: pytest.MonkeyPatch) -> None:
    _pace(served, rejected_credential="ab12", reason="Bad credentials")


def _workerless(served: Served, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(served.store, "health", lambda: Health(working=False))


def _full(served: Served, patch: pytest.MonkeyPatch) -> None:
    capacity = (replace(CAPACITY, remaining=1_000),)
    patch.setattr(served.store, "health", lambda: Health(working=True, capacity=capacity))


TROUBLES = {
    _paused: "the queue is paused",
    _refused: "the credential is refused, so nothing is posted",
    _workerless: "no worker runs, so nothing is posted",
    _full: "too few bytes are left, so comments are refused",
}


@pytest.mark.parametrize("make", TROUBLES)
def test_trouble_fails_the_status(
    comenq: Comenq, served: Served, monkeypatch: pytest.MonkeyPatch, make: object
) -> None:
    """What stops posting, or the intake, is named, and the exit status is 1."""
    assert callable(make)
    make(served, monkeypatch)
    assert comenq("status").returncode == 1
    assert _facts(comenq)["trouble"].startswith(TROUBLES[make])
    told = json.loads(comenq("status", "--json").stdout)["trouble"]
    assert [text.startswith(TROUBLES[make]) for text in told] == [True]


def test_one_good_account_is_enough(comenq: Comenq, served: Served) -> None:
    """While another account can post, a refused credential is shown but no trouble."""
    _pace(served, rejected_credential="ab12", reason="Bad credentials")
    served.store.save_pacing(Pacing(account="hubot", at=served.store.now()), expect=None)
    done = comenq("status")
    assert done.returncode == 0
    assert "octocat, its credential is refused: Bad credentials" in done.stdout


def test_unknown_worker_is_no_trouble(
    comenq: Comenq, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that several machines share may not know whether a worker runs."""
    monkeypatch.setattr(served.store, "health", Health)
    done = comenq("status")
    assert done.returncode == 0
    assert "the worker cannot be seen from here" in done.stdout


def test_missing_daemon_is_reported_in_each_format(directory: Path) -> None:
    """Without a daemon the exit status is 3, and JSON and metrics say that it is down."""
    env = environment(directory / "no.sock")
    done = run("status", env=env)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no daemon answers" in done.stderr
    done = run("status", "--json", env=env)
    assert (done.returncode, json.loads(done.stdout)) == (3, {"up": False})
    done = run("status", "--prometheus", env=env)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (3, "comenqd_up 0")


def test_status_as_metrics(comenq: Comenq, served: Served) -> None:
    """Every metric has its help, its type, and the value from the status."""
    _pace(served, backoff=3600, posts=Posts(success=7, timeout=1))
    served.store.save_pacing(
        Pacing(account='"\\\n', at=served.store.now(), rejected_credential="x"), expect=None
    )
    comenq("o/r", "1", "text")
    lines = comenq("status", "--prometheus").stdout.splitlines()
    helped = [line.split()[2] for line in lines if line.startswith("# HELP ")]
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert helped == typed == list(MEANINGS)
    counters = [line.split()[2] for line in lines if line.endswith(" counter")]
    assert counters == [name for name in MEANINGS if name.endswith("_total")]
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert samples["comenqd_up"] == samples["comenqd_worker_up"] == "1"
    assert samples["comenqd_queue_entries"] == samples['comenqd_jobs{state="waiting"}'] == "1"
    assert samples["comenqd_next_post_seconds"] == "3600"
    assert samples['comenqd_requests_total{operation="put",outcome="accepted"}'] == "1"
    assert samples['comenqd_account_wait_seconds{account="octocat"}'] == "3600"
    assert samples['comenqd_account_refused{account="octocat"}'] == "0"
    posts = {
        outcome: samples[f'comenqd_github_posts_total{{account="octocat",outcome="{outcome}"}}']
        for outcome in ("success", "api_error", "timeout")
    }
    assert posts == {"success": "7", "api_error": "0", "timeout": "1"}
    assert samples[r'comenqd_account_refused{account="\"\\\n"}'] == "1"
    assert samples['comenqd_capacity_remaining{resource="bytes"}'] == "12345678901"
    assert samples['comenqd_capacity_minimum{resource="bytes"}'] == "16777216"


def test_every_metric_is_documented() -> None:
    """The monitoring page lists each metric with its help."""
    page = (ROOT / "docs" / "monitoring.md").read_text()
    rows = re.findall(r"^\| `(comenqd_\w+)` \| (.*) \|$", page, re.MULTILINE)
    assert dict(rows) == MEANINGS


def test_unknown_value_is_no_metric() -> None:
    """Without a next post, or knowledge of a worker, its metric is left out."""
    status: dict[str, object] = {
        "counts": dict.fromkeys(("waiting", "posting", "held"), 0),
        "paused": None,
        "accounts": [],
        "next": None,
        "working": None,
        "capacity": [],
        "requests": [],
    }
    assert not any("next_post" in line or "worker_up" in line for line in metrics(status))


def test_status_of_an_older_daemon_is_read() -> None:
    """Members that an older daemon does not send are no trouble."""
    assert list(troubles({"counts": {}, "paused": None, "accounts": []})) == []


# Live --------------------------------------------------------------------------------------------


@contextmanager
def _watching(served: Served, *words: str) -> Iterator[Session]:
    with on_terminal(*words, env=environment(served.path)) as session:
        before = session.settings()
        session.see("\x1b[?1049h")
        session.see("the listener answers")
        assert session.settings() != before
        yield session
        assert session.settings() == before
        assert session.seen.count("\x1b[?1049h") == session.seen.count("\x1b[?1049l")
        assert session.seen.endswith("\x1b[?25h\x1b[?1049l")


@pytest.mark.parametrize("words", [("top",), ("status", "--watch")])
def test_top_runs_until_q(comenq: Comenq, served: Served, words: tuple[str, ...]) -> None:
    """Top shows changes live, and restores the terminal when it quits."""
    with _watching(served, *words) as session:
        comenq("octo-org/site", "7", "hello")
        session.see("octo-org/site#7")
        session.press(b"q")
        assert session.end() == 0


@pytest.mark.parametrize(("signal", "status"), [(2, 130), (15, 143), (1, 129)])
def test_signals_restore_the_terminal(served: Served, signal: int, status: int) -> None:
    """Ctrl-C, SIGTERM and SIGHUP end top, and it restores the terminal."""
    with _watching(served, "top") as session:
        session.process.send_signal(signal)
        assert session.end() == status


def test_error_restores_the_terminal(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Top shows an error of the daemon, and restores the terminal when it quits."""
    with _watching(served, "top") as session:
        monkeypatch.setattr(served.store, "counts", lambda: 1 / 0)
        session.see("the daemon met an error of its own")
        session.press(b"q")
        assert session.end() == 0


def test_countdown_goes_down(comenq: Comenq, served: Served) -> None:
    """The countdown follows the daemon's clock."""
    _pace(served, backoff=3600)
    with _watching(served, "top") as session:
        session.see("may post in 1:00:00")
        served.store._clock.advance(1_000)  # type: ignore[attr-defined]
        session.see("may post in 43:20")
        session.press(b"q")
        session.end()


def test_daemon_that_stops_is_reported(served: Served) -> None:
    """When the daemon stops, top says that none answers, and keeps running."""
    with _watching(served, "top") as session:
        served.finish()
        session.see("no daemon answers")
        session.press(b"q")
        assert session.end() == 0


def test_suspension_restores_the_screen(served: Served) -> None:
    """Ctrl-Z leaves the alternate screen, and SIGCONT returns to it."""
    with _watching(served, "top") as session:
        session.process.send_signal(signal.SIGTSTP)
        session.see("\x1b[?1049l")
        os.waitid(os.P_PID, session.process.pid, os.WSTOPPED)
        session.process.send_signal(signal.SIGCONT)
        session.see("\x1b[?1049h")
        session.press(b"q")
        assert session.end() == 0


def test_top_needs_a_terminal(comenq: Comenq, served: Served) -> None:
    """Without a terminal, or on a dumb one, top suggests comenq status."""
    done = comenq("top")
    assert (done.returncode, done.stdout) == (2, "")
    assert "comenq status" in done.stderr
    with on_terminal("top", env=environment(served.path, TERM="dumb")) as session:
        assert session.end() == 2
