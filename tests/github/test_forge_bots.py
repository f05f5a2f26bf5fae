"""The stand-in plays review bots, at their times by its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Act, Bot, Comment, Forge

TRIGGER = "@rabbit review"
START = datetime(2026, 12, 1, 9, tzinfo=UTC)


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """Stand still."""
    return Clock()


@pytest.fixture
def forge(clock: Clock) -> Iterator[Forge]:
    """Serve a stand-in with that clock."""
    with Forge(clock=clock) as running:
        yield running


def bot(*scenes: list[Act], login: str = "rabbit[bot]") -> Bot:
    """A bot that is asked by `TRIGGER`."""
    return Bot(login=login, triggers=[TRIGGER], scenes=scenes)


def ask(forge: Forge, body: str = TRIGGER) -> Comment:
    """Post a trigger."""
    return forge.add_comment("o", "r", 7, body=body)


def said(forge: Forge) -> list[tuple[int, str, str, int]]:
    """The pull request, login, text and second of the last change of each of a bot's comments."""
    return [
        (one.number, one.login, one.body, round((one.updated_at - START).total_seconds()))
        for one in forge.comments
        if one.login != "octocat"
    ]


def get(forge: Forge, path: str) -> list[dict[str, object]]:
    """What the API lists."""
    headers = {"Authorization": "Bearer any"}
    reply = requests.get(f"{forge.url}/repos/o/r/{path}", headers=headers, timeout=DEADLINE)
    assert reply.status_code == 200
    listed: list[dict[str, object]] = reply.json()
    return listed


def test_an_answer_comes_at_its_time(forge: Forge, clock: Clock) -> None:
    """It is there once the clock shows that time, and says so even if nobody asked before."""
    forge.set_bots(bot([Act(after=5, text="On it")]))
    ask(forge)
    clock.advance(4)
    assert said(forge) == []
    clock.advance(10)
    assert said(forge) == [(7, "rabbit[bot]", "On it", 5)]


@pytest.mark.parametrize("body", ["@Rabbit   Review\n", TRIGGER])
def test_only_the_whole_comment_asks(forge: Forge, body: str) -> None:
    """With more words it is a conversation; case and white space do not count."""
    forge.set_bots(bot([Act(text="On it")]))
    ask(forge, f"{TRIGGER} please")
    assert said(forge) == []
    ask(forge, body)
    assert len(said(forge)) == 1


def test_an_acceptance_is_taken_back_by_an_edit(forge: Forge, clock: Clock) -> None:
    """The comment of one name stays the same, also when the bot is asked again."""
    first = [Act(after=3, text="Triggered", name="reply"), Act(after=9, text="No", name="reply")]
    forge.set_bots(bot(first, [Act(text="Yes", name="reply")]))
    ask(forge)
    clock.advance(3)
    assert said(forge) == [(7, "rabbit[bot]", "Triggered", 3)]
    clock.advance(60)
    assert said(forge) == [(7, "rabbit[bot]", "No", 9)]
    ask(forge)
    assert said(forge) == [(7, "rabbit[bot]", "Yes", 63)]


def test_a_bot_never_asks_itself(forge: Forge) -> None:
    """Although what it says is what asks it."""
    forge.set_bots(bot([Act(text=TRIGGER)]))
    ask(forge)
    assert len(said(forge)) == 1


def test_a_review_is_of_the_head(forge: Forge) -> None:
    """It names the commit that is at the head then."""
    forge.set_pull("o", "r", 7, head="c" * 40)
    forge.set_bots(bot([Act(kind="review", text="Actionable comments posted: 1")]))
    ask(forge)
    (review,) = get(forge, "pulls/7/reviews")
    assert (review["commit_id"], review["body"]) == ("c" * 40, "Actionable comments posted: 1")


def test_a_reaction_can_be_withdrawn(forge: Forge, clock: Clock) -> None:
    """So one that says that it has begun makes room for another that says that it is done."""
    acts = [
        Act(kind="reaction", text="eyes", name="begun"),
        Act(after=60, kind="withdraw", name="begun"),
        Act(after=60, kind="reaction", text="+1", on="description"),
    ]
    forge.set_bots(bot(acts))
    trigger = ask(forge)
    path = f"issues/comments/{trigger.id}/reactions"
    assert [one["content"] for one in get(forge, path)] == ["eyes"]
    clock.advance(60)
    assert get(forge, path) == []
    assert [one["content"] for one in get(forge, "issues/7/reactions")] == ["+1"]


def test_others_speak_too_and_elsewhere(forge: Forge) -> None:
    """One with almost the same name, and a notice on another pull request."""
    forge.set_bots(bot([Act(text="Mine", login="rabbit-fan"), Act(text="Limited", number=8)]))
    ask(forge)
    assert said(forge) == [(7, "rabbit-fan", "Mine", 0), (8, "rabbit[bot]", "Limited", 0)]


def test_waiting_for_a_comment_waits_for_the_bot() -> None:
    """By a clock that runs, its comment comes although no request does."""
    with Forge() as forge:
        forge.set_bots(bot([Act(after=0.2, text="On it")]))
        ask(forge)
        assert [one.body for one in forge.wait_for_comments(2)] == [TRIGGER, "On it"]


def test_bots_are_scripted_from_another_process(forge: Forge) -> None:
    """As JSON, with the same members; one that cannot be played is refused."""
    described = {"login": "rabbit[bot]", "triggers": [TRIGGER], "scenes": [[{"text": "On it"}]]}
    control = f"{forge.url}/_forge/bots"
    assert requests.put(control, json=[described], timeout=DEADLINE).status_code == 200
    ask(forge)
    assert len(said(forge)) == 1
    wrong = {**described, "scenes": [[{"kind": "dance"}]]}
    assert requests.put(control, json=[wrong], timeout=DEADLINE).status_code == 400


def test_what_is_known_is_not_sent_again(forge: Forge) -> None:
    """With the tag of an answer, the same answer is 304, has no body, and counts for nothing."""
    url, headers = f"{forge.url}/repos/o/r/issues/7/comments", {"Authorization": "Bearer any"}
    with requests.Session() as session:
        first = session.get(url, headers=headers, timeout=DEADLINE)
        known = {**headers, "If-None-Match": first.headers["ETag"]}
        again = session.get(url, headers=known, timeout=DEADLINE)
        assert (again.status_code, again.content) == (304, b"")
        left = [int(one.headers["X-RateLimit-Remaining"]) for one in (first, again)]
        assert left[0] == left[1]
        ask(forge)
        assert session.get(url, headers=known, timeout=DEADLINE).status_code == 200
