"""The state of the queue: as text, as JSON, as metrics, and live."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from comenq_core import __version__
from comenq_core.model import (
    ONE_PROCESS,
    Activity,
    Capacity,
    Cause,
    Failed,
    Health,
    Pacing,
    Posts,
    Unconfirmed,
    Verdict,
)
from comenq_core.policy.pacing import earlier
from comenq_core.presentation.prometheus import MEANINGS, metrics
from comenq_core.presentation.status_text import WAITS, facts, troubles
from tests.cli.command import environment, run
from tests.cli.conftest import Comenq
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served, serving

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
        "queue": "0 waiting, 0 posting, 0 unconfirmed, 0 held, 0 posted, 0 failed",
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
    _pace(served, cause="unauthorized", reason="Bad credentials")


def _blocked(served: Served, _patch: pytest.MonkeyPatch) -> None:
    _pace(served, cause="blocked", reason="Your installation is suspended")


def _misunderstood(served: Served, _patch: pytest.MonkeyPatch) -> None:
    _pace(served, cause="refusals", reason="Colourless green ideas")


def _settle(served: Served, verdict: Verdict) -> str:
    run("o/r", "7", "text", env=environment(served.path))
    job = served.store.claim("octocat")
    assert job is not None
    served.store.settle(job, verdict, ATTEMPT)
    return job.id


def _failed(served: Served, _patch: pytest.MonkeyPatch) -> None:
    _settle(served, Failed(reason="it is locked"))


def _workerless(served: Served, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(served.store, "health", lambda: Health(working=False))


def _stalled(served: Served, patch: pytest.MonkeyPatch) -> None:
    long_ago = earlier(served.store.now(), 200)
    worker = Activity(doing="waiting", since=long_ago, limit=60)
    patch.setattr(served.store, "health", lambda: Health(working=True, worker=worker))


def _faulty(served: Served, patch: pytest.MonkeyPatch) -> None:
    now = served.store.now()
    worker = Activity(doing="waiting", since=now, limit=2, fault="the disk is gone")
    patch.setattr(served.store, "health", lambda: Health(working=True, worker=worker))


def _full(served: Served, patch: pytest.MonkeyPatch) -> None:
    capacity = (replace(CAPACITY, remaining=1_000),)
    patch.setattr(served.store, "health", lambda: Health(working=True, capacity=capacity))


def _bootless(served: Served, patch: pytest.MonkeyPatch) -> None:
    now = replace(served.store.now(), boot=f"{ONE_PROCESS}1")
    patch.setattr(served.store, "now", lambda: now)


TROUBLES = {
    _paused: "the queue is paused",
    _refused: "the credential of account octocat is refused: give comenqd a valid one",
    _blocked: "account octocat is blocked, whatever the comment: see its reason, mend the cause",
    _misunderstood: "account octocat is refused in words that comenq does not know: see its",
    _failed: "1 failed: see them with comenq hist --failed, then retry or delete them",
    _workerless: "no worker runs, so nothing is posted",
    _stalled: "the worker makes no progress since 2026-12-01",
    _faulty: "the worker has a fault: the disk is gone",
    _bootless: "nothing tells the daemon which boot of the machine this is",
    _full: "too few bytes are left, so comments are refused",
}


@pytest.mark.parametrize("make", TROUBLES)
def test_trouble_fails_the_status(
    comenq: Comenq, served: Served, monkeypatch: pytest.MonkeyPatch, make: object
) -> None:
    """What needs a person is named, with what to do, and the exit status is 1."""
    assert callable(make)
    make(served, monkeypatch)
    assert comenq("status").returncode == 1
    assert _facts(comenq)["trouble"].startswith(TROUBLES[make])
    told = json.loads(comenq("status", "--json").stdout)["trouble"]
    assert [one["text"].startswith(TROUBLES[make]) for one in told] == [True]
    assert (
        f'comenqd_trouble{{kind="{told[0]["kind"]}"}} 1' in comenq("status", "--prometheus").stdout
    )


def test_each_account_that_cannot_post_is_trouble(comenq: Comenq, served: Served) -> None:
    """Even while another one posts: it may be for other repositories."""
    _pace(served, cause="unauthorized")
    served.store.save_pacing(Pacing(account="hubot", at=served.store.now()), expect=None)
    assert comenq("status").returncode == 1


ACCOUNTS = {
    "": "may post {}: so",
    "rate_limited": "rate-limited, may post {}: so",
    "unreachable": "unreachable forge, tries again {} (at once with comenq flush): so",
    "outage": "outage of the forge, asks it again {} (at once with comenq flush): so",
    "unauthorized": "its credential is refused, asks again {}: so",
    "blocked": "blocked, asks again {}: so",
    "refusals": "refused several times in a row, tries one comment {}: so",
}


def test_every_cause_has_its_words() -> None:
    """A cause that an account can have is shown under a name of its own."""
    assert set(ACCOUNTS) == set(WAITS) == {"", *Cause}


@pytest.mark.parametrize("cause", ACCOUNTS)
def test_account_says_what_it_waits_for(comenq: Comenq, served: Served, cause: str) -> None:
    """Its line has the cause, until when, what to do, and the reason."""
    _pace(served, backoff=3600, cause=cause, reason="so", login="ada")
    line = _facts(comenq)["account"]
    about = re.search(r"about .+ \(in 60 min\)", line)
    assert about
    assert line == f"octocat (ada), {ACCOUNTS[cause].format(about[0])}"


@pytest.mark.parametrize("cause", ["rate_limited", "unreachable", "outage"])
def test_what_passes_by_itself_is_no_trouble(comenq: Comenq, served: Served, cause: str) -> None:
    """Nobody has to come because the forge does not work, or asks for a wait."""
    _pace(served, backoff=3600, cause=cause, reason="so")
    assert comenq("status").returncode == 0


def test_login_that_is_the_accounts_name_is_shown_once(comenq: Comenq, served: Served) -> None:
    """An account with its login as a name has one name."""
    _pace(served, login="octocat")
    assert _facts(comenq)["account"].startswith("octocat, may post about ")


def test_queue_that_no_account_serves_does_not_wait_for_a_resume(
    comenq: Comenq, served: Served
) -> None:
    """The next comment is posted once an account can post, whether or not there is a pause."""
    comenq("o/r", "1", "text")
    _pace(served, cause="unauthorized")
    assert _facts(comenq)["next"].endswith(", once an account can post")
    comenq("pause", "lunch")
    assert _facts(comenq)["next"].endswith(", once the queue is resumed")


def test_queue_without_a_worker_says_so(directory: Path) -> None:
    """While no worker runs, the next comment is posted once one does, in put, list and status."""
    with serving(directory / "idle.sock") as up:
        command = partial(run, env=environment(up.path))
        assert command("o/r", "1", "text").stdout.endswith(" · 1st in queue · once a worker runs\n")
        assert command("list").stdout.endswith("once a worker runs\n")
        assert _facts(command)["next"].endswith(", once a worker runs")


def _unconfirmed_lines(comenq: Comenq) -> list[str]:
    done = comenq("status")
    assert done.returncode == 1
    heads = [line.partition(":") for line in done.stdout.splitlines()]
    return [text.strip() for name, _, text in heads if name == "trouble"]


def test_unconfirmed_comments_are_named(comenq: Comenq, served: Served) -> None:
    """The first few are shown with since when and why, and the rest are counted."""
    ids = [_settle(served, Unconfirmed(reason=f"why {number}")) for number in range(3)]
    lines = [
        f"{job_id} for o/r#7 is unconfirmed since 2026-12-01 09:00:00 +0000: why {number}"
        f" (see comenq show {job_id})"
        for number, job_id in enumerate(ids)
    ]
    assert _unconfirmed_lines(comenq) == lines
    told = json.loads(comenq("status", "--json").stdout)["trouble"]
    assert told == [{"kind": "unconfirmed", "text": line} for line in lines]
    _settle(served, Unconfirmed(reason="one too many"))
    more = "1 more unconfirmed: see them with comenq list --state unconfirmed"
    assert _unconfirmed_lines(comenq) == [*lines, more]


def test_metrics_fail_with_the_same_status(comenq: Comenq, served: Served) -> None:
    """A comment that a person has to look for is trouble in every format."""
    _settle(served, Unconfirmed(reason="why"))
    done = comenq("status", "--prometheus")
    assert done.returncode == 1
    assert '\ncomenqd_jobs{state="unconfirmed"} 1\n' in done.stdout
    assert "\ncomenqd_queue_entries 1\n" in done.stdout


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
    _pace(served, backoff=3600, cause="outage", posts=Posts(success=7, timeout=1))
    served.store.save_pacing(
        Pacing(account='"\\\n', at=served.store.now(), cause="unauthorized"), expect=None
    )
    comenq("o/r", "1", "text")
    lines = comenq("status", "--prometheus").stdout.splitlines()
    helped = [line.split()[2] for line in lines if line.startswith("# HELP ")]
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    of_reviewers = "comenqd_reviews_", "comenqd_lane_"
    assert helped == typed == [name for name in MEANINGS if not name.startswith(of_reviewers)]
    counters = [line.split()[2] for line in lines if line.endswith(" counter")]
    assert counters == [name for name in helped if name.endswith("_total")]
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert samples["comenqd_up"] == samples["comenqd_worker_up"] == "1"
    assert samples["comenqd_queue_entries"] == samples['comenqd_jobs{state="waiting"}'] == "1"
    assert samples["comenqd_next_post_seconds"] == "3600"
    assert samples['comenqd_requests_total{operation="put",outcome="accepted"}'] == "1"
    assert samples['comenqd_account_wait_seconds{account="octocat"}'] == "3600"
    assert samples['comenqd_account_refused{account="octocat"}'] == "0"
    assert samples['comenqd_account_backs_off{account="octocat",cause="outage"}'] == "1"
    assert samples['comenqd_account_backs_off{account="octocat",cause="blocked"}'] == "0"
    posts = {
        outcome: samples[f'comenqd_github_posts_total{{account="octocat",outcome="{outcome}"}}']
        for outcome in ("success", "api_error", "timeout")
    }
    assert posts == {"success": "7", "api_error": "0", "timeout": "1"}
    assert samples[r'comenqd_account_refused{account="\"\\\n"}'] == "1"
    assert samples['comenqd_capacity_remaining{resource="bytes"}'] == "12345678901"
    assert samples['comenqd_capacity_minimum{resource="bytes"}'] == "16777216"


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
    """It has fewer members, and no time for an account whose credential is refused."""
    status: dict[str, Any] = {"counts": {"waiting": 1}, "paused": None, "accounts": []}
    assert list(troubles(status)) == []
    status["accounts"] = [{"name": "me", "post_in": None, "reason": "so"}]
    assert ("account", "me, its credential is refused, asks again later: so") in facts(status, str)
    assert len(list(troubles(status))) == 1


def test_a_credential_that_cannot_be_read_is_told_once(
    comenq: Comenq, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No forge has refused it, so the worker's fault is the only trouble; a wait ends with it."""
    comenq("o/r", "1", "text")
    _pace(served, cause="unauthorized", reason="token: others may read it")
    fault = "octocat cannot post: token: others may read it"
    activity = Activity(doing="waiting", since=served.store.now(), limit=60, fault=fault)
    monkeypatch.setattr(served.store, "health", lambda: Health(working=True, worker=activity))

    said = comenq("status").stdout
    assert said.count("others may read it") == 1
    assert "refused" not in said
    facts = _facts(comenq)
    assert facts["account"] == "octocat, cannot post"
    assert facts["trouble"] == f"the worker has a fault: {fault}"
    waited = comenq("wait")
    assert waited.returncode == 5
    assert waited.stderr.endswith(f": stays queued: account {fault}\n")


@pytest.mark.parametrize(
    ("version", "told"), [("0.0.9", True), (__version__, False), ("99", False)]
)
def test_daemon_of_before_an_upgrade_is_to_be_restarted(version: str, told: bool) -> None:
    """A daemon that is older than the client still runs the version before the upgrade."""
    status: dict[str, Any] = {"counts": {}, "paused": None, "accounts": [], "version": version}
    texts = [trouble.text for trouble in troubles(status) if trouble.kind == "outdated"]
    assert [text.endswith("restart it with comenqd service restart") for text in texts] == [
        True
    ] * told
