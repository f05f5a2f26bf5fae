"""How a trigger is followed: what holds whatever a reviewer says, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    Answer,
    Channel,
    Conclusion,
    Conversation,
    Ending,
    Evidence,
    Following,
    Reading,
    ReadingKind,
    Remark,
    Snapshot,
)
from comenq_core.policy.following import (
    ANSWER_LIMIT,
    REVIEW_LIMIT,
    SETTLED_AFTER,
    FollowPolicy,
    Poll,
    evidence_of,
    follow,
    may_next_go,
    observe,
    open_again,
)
from comenq_core.wire.codec import from_json, to_json

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
POLICY = FollowPolicy(guess=timedelta(minutes=15), max_wait=timedelta(hours=24))
BOT, OTHERS = "bot[bot]", ("bot", "bot2[bot]", "octocat")


class Reader:
    """Reads texts such as ``limited 60``, written by the bot."""

    def wrote(self, answer: Answer) -> bool:
        """Whether the bot did."""
        return answer.login == BOT

    def read(self, answer: Answer) -> Reading:
        """The kind, and the wait."""
        kind, _, seconds = answer.text.partition(" ")
        wait = timedelta(seconds=int(seconds)) if seconds else None
        return Reading(kind=ReadingKind(kind), wait=wait, reason=answer.text)


@dataclass(frozen=True)
class Event:
    """Somebody writes, or writes something else in the same place."""

    after: int
    place: str
    login: str
    text: str


Show = Callable[[Following, tuple[Remark, ...]], tuple[Remark, ...]]


def everything(following: Following, remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """A forge without conditional requests."""
    return remarks


def what_has_changed(following: Following, remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """A forge that leaves out all that is known."""
    return tuple(one for one in remarks if one.sighting not in following.snapshot.sightings)


@dataclass(frozen=True)
class Run:
    """What became of a trigger, and when the forge was asked, in seconds after it."""

    conclusion: Conclusion
    polls: Sequence[float]


def run(
    events: Sequence[Event],
    show: Show = everything,
    ahead: timedelta = timedelta(0),
    pause: int = 0,
) -> Run:
    """Follow a trigger that was posted at `START`, each step through JSON.

    Args:
        events: what is written.
        show: what the forge shows of it.
        ahead: how far the forge's clock is ahead.
        pause: seconds after the trigger before which nothing is asked.
    """

    def shown(now: datetime) -> tuple[Remark, ...]:
        latest = {
            (event.login, event.place): event
            for event in sorted(events, key=lambda one: one.after)
            if START + timedelta(seconds=event.after) <= now
        }
        return tuple(
            Remark(
                id=f"comment {event.login} {event.place}",
                channel=Channel.COMMENT,
                login=event.login,
                text=event.text,
                changed=START + timedelta(seconds=event.after) + ahead,
            )
            for event in latest.values()
        )

    first = Conversation(since=START, now=START + ahead, head="a", is_open=True)
    begun = replace(first, remarks=shown(START - timedelta(seconds=1)))
    following = Following(posted=START, snapshot=Snapshot.of(begun))
    polls: list[float] = []
    now = START + timedelta(seconds=pause)
    while isinstance(step := follow(following, POLICY), Poll):
        assert following.polled is None or step.at > following.polled
        now = max(now, step.at)
        polls.append((now - START).total_seconds())
        conversation = replace(first, now=now + ahead, remarks=show(following, shown(now)))
        seen = observe(following, conversation, Reader(), now)
        assert observe(following, conversation, Reader(), now) == seen
        following = from_json(Following, to_json(seen))
        assert following == seen
        assert len(polls) < 200
    return Run(step, polls)


def texts() -> st.SearchStrategy[str]:
    """What is written, in the words of `Reader`."""
    limits = st.integers(0, 2 * 86_400).map(lambda seconds: f"limited {seconds}")
    return st.sampled_from([str(kind) for kind in ReadingKind]) | limits


def events(*logins: str) -> st.SearchStrategy[list[Event]]:
    """What is written by these, before and after the trigger."""
    return st.lists(
        st.builds(
            Event,
            after=st.integers(-600, 3000) | st.integers(0, 120),
            place=st.sampled_from("xy"),
            login=st.sampled_from(logins),
            text=texts(),
        ),
        max_size=6,
    )


@given(events(BOT))
def test_every_trigger_ends(said: list[Event]) -> None:
    """Soon after three quarters of an hour at the latest, with what the bot has said since."""
    done = run(said)
    assert done.polls[-1] <= REVIEW_LIMIT.total_seconds()
    since = {event.text.partition(" ")[0] for event in said if event.after >= 0}
    needed = {
        Ending.BLOCKED: "limited",
        Ending.UNREVIEWED: "accepted",
        Ending.UNANSWERED: None,
    }.get(done.conclusion.ending, str(done.conclusion.ending))
    assert needed is None or needed in since
    assert (done.conclusion.until is None) == (needed != "limited")


@given(events(BOT), events(*OTHERS))
def test_what_others_say_changes_nothing(said: list[Event], noise: list[Event]) -> None:
    """Nor do those whose name is almost the bot's."""
    assert run([*said, *noise]) == run(said)


@given(events(BOT))
def test_what_is_known_can_be_left_out(said: list[Event]) -> None:
    """A forge that says "not modified" and one that says everything lead to the same end."""
    assert run(said, what_has_changed) == run(said, everything)


@given(events(BOT), st.integers(-86_400, 86_400))
def test_the_forges_clock_does_not_matter(said: list[Event], seconds: int) -> None:
    """All that counts is how long ago something was, and the ends are by the machine's clock."""
    assert run(said, ahead=timedelta(seconds=seconds)) == run(said)


@given(events(BOT), st.integers(0, 86_400))
def test_a_daemon_that_was_down_invents_nothing(said: list[Event], pause: int) -> None:
    """It goes by what is there then, and by when it was written."""
    done = run(said, pause=pause)
    if done.conclusion.until and not done.conclusion.is_guessed:
        ends = {
            START + timedelta(seconds=event.after + int(event.text.split()[1])) + SETTLED_AFTER
            for event in said
            if event.text.startswith("limited ")
        }
        assert done.conclusion.until in ends


@given(events(BOT).filter(lambda said: not any(0 <= one.after <= 600 for one in said)))
def test_nothing_within_ten_minutes_is_no_answer(said: list[Event]) -> None:
    """What comes later comes too late."""
    done = run(said)
    assert done.conclusion.ending is Ending.UNANSWERED
    assert done.polls[-1] == ANSWER_LIMIT.total_seconds()


def at(after: int, text: str, place: str = "x") -> Event:
    """The bot writes."""
    return Event(after, place, BOT, text)


def test_the_first_of_its_words_counts_in_this_order() -> None:
    """Skipped, limited, failed, reviewed, not understood, whatever came last."""
    words = ["skipped", "limited 60", "failed", "reviewed", "not_understood"]
    for number, word in enumerate(words):
        said = [at(after, text, text) for after, text in enumerate(reversed(words[number:]))]
        assert run(said).conclusion.reason == word


def test_a_bot_that_never_rests_is_believed_at_last() -> None:
    """Changes without end are no reason to follow for ever."""
    said = [at(after, "limited 86000") for after in range(5, 3000, 20)]
    done = run(said)
    assert done.conclusion.ending is Ending.LIMITED
    assert done.polls[-1] == REVIEW_LIMIT.total_seconds()


def test_the_next_goes_once_the_bot_has_accepted() -> None:
    """For as long as it has not taken that back, and not before it has settled."""

    def after(seconds: int, *said: tuple[int, str]) -> bool:
        now = START + timedelta(seconds=seconds)
        remarks = tuple(
            Remark(
                id=text,
                channel=Channel.COMMENT,
                login=BOT,
                text=text,
                changed=START + timedelta(seconds=second),
            )
            for second, text in said
        )
        conversation = Conversation(since=START, now=now, head="a", is_open=True, remarks=remarks)
        begun = Following(posted=START, snapshot=Snapshot(since=START, head="a", is_open=True))
        return may_next_go(observe(begun, conversation, Reader(), now))

    assert not after(60)
    assert not after(30, (3, "accepted"))
    assert after(33, (3, "accepted"))
    assert not after(60, (3, "accepted"), (9, "limited"))


def test_the_longest_wait_counts() -> None:
    """A notice without a number says nothing about the end."""
    said = [at(5, "limited 60", "x"), at(6, "limited", "y"), at(7, "limited 30", "z")]
    conclusion = run(said).conclusion
    assert conclusion.until == START + timedelta(seconds=5 + 60 + 30)
    assert open_again([]) is None


def test_a_review_of_another_head_does_not_count() -> None:
    """Where one head is wanted; a review that does not name any is taken for one of it."""
    now = START + timedelta(minutes=1)
    for commit, ending in (("b", None), ("a", Ending.REVIEWED), ("", Ending.REVIEWED)):
        review = Remark(
            id="review 1",
            channel=Channel.REVIEW,
            login=BOT,
            text="reviewed",
            changed=START,
            commit=commit,
        )
        conversation = Conversation(since=START, now=now, head="a", is_open=True, remarks=(review,))
        begun = Following(
            posted=START, snapshot=Snapshot(since=START, head="a", is_open=True), head="a"
        )
        step = follow(observe(begun, conversation, Reader(), now), POLICY)
        assert (step.ending if isinstance(step, Conclusion) else None) is ending


def test_a_comment_that_names_the_head_is_a_review_of_it() -> None:
    """A bot without findings edits its comment, which belongs to no commit."""
    now, head = START + timedelta(minutes=1), "0123456789" * 4
    for text, commit in (
        ("reviewed 01234567", head),
        ("reviewed 0123456789", head),
        ("reviewed 1234567", ""),
        ("reviewed 012345", ""),
        ("reviewed", ""),
    ):
        remark = Remark(id="comment 1", channel=Channel.EDIT, login=BOT, text=text, changed=START)
        shown = Conversation(since=START, now=now, head=head, is_open=True, remarks=(remark,))
        found = evidence_of(remark, Reader(), shown, now)
        assert found
        assert found.commit == commit


def test_what_was_kept_and_cannot_be_read_is_an_error() -> None:
    """It names the member that is wrong, and what it may be."""
    evidence = {"id": "comment 1", "at": "2026-12-01T09:00:00Z", "kind": "unheard-of"}
    with pytest.raises(InvalidRequest, match="kind: must be one of limited, "):
        from_json(Evidence, evidence)
