"""What the command shows of reviewers, their lanes, and the reviews that jobs ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from comenq_core.model import Ending, ReadingKind
from tests.cli.command import environment, run
from tests.cli.conftest import Comenq
from tests.seen import LANES, REFUSAL, THE_REVIEW, Triggers
from tests.socket.serving import Served, serving


@pytest.fixture
def served(directory: Path) -> Iterator[Served]:
    """A daemon whose settings have a reviewer, with a worker that does nothing."""
    with serving(directory / "c.sock", lanes=LANES) as up, up.store.lock():
        yield up


@pytest.fixture
def triggers(served: Served) -> Triggers:
    """Makes triggers there."""
    return Triggers(served.store)


@pytest.fixture
def comenq(served: Served) -> Comenq:
    """The command, connected to the daemon of `served`."""
    return partial(run, env=environment(served.path))


def test_an_awaited_answer_is_seen_everywhere(comenq: Comenq, triggers: Triggers) -> None:
    """In the list, in show, in the history, and by `comenq reviewers`."""
    job = triggers.posted()
    (line,) = comenq("list").stdout.splitlines()[1:]
    assert line.startswith(job.id)
    assert line.endswith("awaits bot")
    assert [json.loads(comenq("list", "--state", "awaiting", "--json").stdout)["id"]] == [job.id]
    assert "bot has not answered yet" in comenq("show", job.id).stdout
    triggers.said(job, ReadingKind.ACCEPTED, "Review triggered.")
    shown = comenq("show", job.id).stdout
    assert "bot has accepted" in shown
    assert "Review triggered." in shown
    assert "awaiting" in comenq("hist").stdout


@pytest.mark.parametrize(
    ("ending", "words"),
    [(Ending.REVIEWED, "reviewed"), (Ending.NOT_UNDERSTOOD, "not understood")],
)
def test_the_history_says_how_a_trigger_ended(
    comenq: Comenq, triggers: Triggers, ending: Ending, words: str
) -> None:
    """A review with its address, anything else with the line for people."""
    triggers.concluded(triggers.posted(), ending, reason="why it is so")
    told = comenq("hist", "--wide").stdout
    assert words in told
    assert (THE_REVIEW if ending is Ending.REVIEWED else "why it is so") in told


def test_a_held_lane_is_no_trouble(comenq: Comenq, triggers: Triggers) -> None:
    """The status says until when and why, and so does the list."""
    job = triggers.put()
    triggers.hold(3_600)
    done = comenq("status")
    assert done.returncode == 0
    assert "reviewer:  bot octo-org: held, opens" in done.stdout
    assert REFUSAL in done.stdout
    assert "bot limited until" in comenq("list").stdout
    assert "bot limited until" in comenq("show", job.id).stdout


def test_a_blocked_lane_is_trouble(comenq: Comenq, triggers: Triggers) -> None:
    """The status says how to open it, in each format."""
    triggers.put()
    triggers.block()
    done = comenq("status")
    assert done.returncode == 1
    assert "comenq reviewers release bot octo-org" in done.stdout
    told = json.loads(comenq("status", "--json").stdout)
    assert [one["kind"] for one in told["trouble"]] == ["reviewer"]
    lines = comenq("status", "--prometheus").stdout.splitlines()
    assert 'comenqd_trouble{kind="reviewer"} 1' in lines
    assert 'comenqd_lane_closed{reviewer="bot",scope="octo-org",reason="blocked"} 1' in lines


def test_the_metrics_count_triggers(comenq: Comenq, triggers: Triggers) -> None:
    """By what came of them."""
    triggers.hold(60)
    lines = comenq("status", "--prometheus").stdout.splitlines()
    counted = [line for line in lines if line.startswith("comenqd_lane_triggers_total")]
    labels = 'reviewer="bot",scope="octo-org"'
    assert counted == [
        f'comenqd_lane_triggers_total{{{labels},outcome="reviewed"}} 0',
        f'comenqd_lane_triggers_total{{{labels},outcome="refused"}} 2',
        f'comenqd_lane_triggers_total{{{labels},outcome="other"}} 1',
    ]


def test_reviewers_shows_each_lane(comenq: Comenq, triggers: Triggers) -> None:
    """What keeps it, and how many triggers led to a review."""
    assert comenq("reviewers").stdout == "bot: not asked so far\n"
    triggers.hold(3_600)
    name, state, counts = comenq("reviewers").stdout.splitlines()
    assert name == "bot"
    assert state.startswith("  octo-org: held, opens about ")
    assert counts.strip() == "3 triggers, 0 reviews, 2 refusals"
    told = json.loads(comenq("reviewers", "--json").stdout)
    assert told["reviewers"] == ["bot"]
    assert [lane["state"] for lane in told["lanes"]] == ["held"]


def test_release_opens_a_lane(comenq: Comenq, triggers: Triggers, served: Served) -> None:
    """The only one that is closed, or the one that is named."""
    triggers.block()
    done = comenq("reviewers", "release", "bot")
    assert (done.returncode, done.stdout) == (0, "opened bot octo-org · open\n")
    assert not next(iter(served.store.lanes().values())).is_blocked
    triggers.block()
    triggers.hold(60, scope="other")
    done = comenq("reviewers", "release", "bot")
    assert done.returncode == 1
    assert "octo-org, other" in done.stderr
    assert comenq("reviewers", "release", "bot", "other").returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["release"], 2, "give the name of a reviewer"),
        (["relase", "bot"], 2, "did you mean release?"),
        (["release", "bots"], 1, "did you mean bot?"),
        (["release", "bot"], 1, "no lane of bot is held or blocked"),
    ],
)
def test_what_cannot_be_released_is_told(
    comenq: Comenq, words: list[str], status: int, says: str
) -> None:
    """With what there is instead."""
    done = comenq("reviewers", *words)
    assert done.returncode == status
    assert says in done.stderr


def test_a_daemon_without_reviewers_says_which_setting(directory: Path) -> None:
    """It follows nobody."""
    with serving(directory / "d.sock") as other:
        done = run("reviewers", env=environment(other.path))
    assert done.returncode == 0
    assert "the setting reviewers" in done.stderr


def test_wait_until_posted_is_the_default(comenq: Comenq, triggers: Triggers) -> None:
    """It ends while the answer is awaited."""
    job = triggers.posted()
    done = comenq("wait", job.id)
    assert (done.returncode, done.stdout) == (0, f"{job.url}\n")


@pytest.mark.parametrize(
    ("ending", "status", "url"),
    [(Ending.REVIEWED, 0, f"{THE_REVIEW}\n"), (Ending.UNANSWERED, 1, "")],
)
def test_wait_until_answered_succeeds_with_a_review(
    comenq: Comenq, triggers: Triggers, ending: Ending, status: int, url: str
) -> None:
    """Any other end is a failure, with its line."""
    job = triggers.posted()
    triggers.concluded(job, ending, reason="so it ended")
    done = comenq("wait", job.id, "--until", "answered")
    assert (done.returncode, done.stdout) == (status, url)
    assert status == 0 or "so it ended" in done.stderr


def test_wait_until_answered_waits_for_the_answer(comenq: Comenq, triggers: Triggers) -> None:
    """Meanwhile it says what was read."""
    job = triggers.posted()
    triggers.said(job, ReadingKind.ACCEPTED, "Review triggered.")
    done = comenq("wait", job.id, "--until", "answered", "--timeout", "1s")
    assert done.returncode == 4
    assert "posted; bot has accepted" in done.stderr
    assert "still posted" in done.stderr


def test_wait_until_answered_fails_where_nobody_is_asked(
    comenq: Comenq, triggers: Triggers
) -> None:
    """A comment that asks nobody is over once it is posted; alone, it is no review."""
    job = triggers.posted()
    triggers.concluded(job, Ending.REVIEWED)
    plain = triggers.plain()
    done = comenq("wait", plain.id, "--until", "answered")
    assert (done.returncode, done.stdout) == (1, f"{plain.url}\n")
    assert "there is no review" in done.stderr
    assert comenq("wait", plain.id).returncode == 0
    assert comenq("wait", plain.id, job.id, "--until", "answered").returncode == 0


def test_the_last_comment_of_a_user_may_be_one_whose_answer_is_awaited(
    comenq: Comenq, served: Served
) -> None:
    """The history has it; it has no place in the queue any more."""
    job_id = json.loads(comenq("put", "octo-org/site", "7", "@bot go", "--json").stdout)["id"]
    Triggers(served.store).posted(served.store.get(job_id))
    done = comenq("wait", "--until", "answered", "--timeout", "1s")
    assert done.returncode == 4
    assert "still posted" in done.stderr


def test_a_review_that_somebody_else_asked_for_is_a_success(
    comenq: Comenq, triggers: Triggers
) -> None:
    """The job is skipped, and there is a review."""
    job = triggers.concluded_unposted(triggers.put())
    done = comenq("wait", job.id, "--until", "answered")
    assert (done.returncode, done.stdout) == (0, f"{THE_REVIEW}\n")


def test_a_blocked_lane_ends_a_wait(comenq: Comenq, triggers: Triggers) -> None:
    """Only a person can get the comment posted; it stays queued."""
    job = triggers.put()
    triggers.block()
    done = comenq("wait", job.id)
    assert done.returncode == 5
    assert "open its lane with comenq reviewers release bot" in done.stderr


def test_until_needs_wait(comenq: Comenq) -> None:
    """Otherwise nothing is waited for, and nothing is queued."""
    done = comenq("put", "o/r", "1", "text", "--until", "answered")
    assert done.returncode == 2
    assert "--wait" in done.stderr


def test_no_follow_is_part_of_the_request(comenq: Comenq, served: Served) -> None:
    """The answer to this trigger is not awaited."""
    comenq("put", "o/r", "1", "@bot go", "--no-follow")
    (job,) = served.store.pending()
    assert not job.asked.follow
