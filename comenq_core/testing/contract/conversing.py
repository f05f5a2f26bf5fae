"""The contract of posters that read what is said on a pull request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, runtime_checkable

import pytest

from comenq_core.model import (
    LOOKBACK,
    Channel,
    Conversation,
    Refused,
    Remark,
    Snapshot,
    Throttled,
    Unauthorized,
    Unknown,
)
from comenq_core.protocols import ConversationReader, Poster
from comenq_core.testing.contract.forge import (
    NUMBER,
    SECONDS,
    SHORT,
    TOKEN,
    UNANSWERED,
    Forge,
    MakePoster,
    PosterHarness,
    Situation,
    a_job,
    keeps_time_limit,
    returned,
)
from comenq_core.wire.codec import from_json, to_json

__all__ = ["ConversationContract", "ConversationForge"]

OLD = 2 * LOOKBACK


@runtime_checkable
class ConversationForge(Forge, Protocol):
    """A stand-in for a forge on which others speak, too, on the pull request `NUMBER`."""

    def edit(self, comment: int | str, body: str) -> None:
        """Change what a comment says, now."""

    def react(self, comment: int | str | None, name: str) -> None:
        """Let somebody else react to a comment, or to the description, now."""

    def push(self, head: str) -> None:
        """Make this commit the head."""


class ConversationContract(PosterHarness):
    """`ConversationReader`, of the posters that have this ability."""

    @pytest.fixture
    def reader(self, poster: Poster) -> ConversationReader:
        """The poster."""
        return _reader(poster)

    @pytest.fixture
    def talk(self, forge: Forge, reader: ConversationReader) -> ConversationForge:  # noqa: ARG002 -- a poster without the ability needs none
        """The stand-in, where others speak."""
        assert isinstance(forge, ConversationForge)
        return forge

    def test_what_was_said_lately_is_shown_at_first(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """With who wrote it, and as it was written."""
        now = datetime.now(UTC)
        talk.add("*Ünlimited*\n\n> x", number=NUMBER, ours=False, at=now - LOOKBACK / 2)
        talk.add("elsewhere", number=NUMBER + 1, ours=False, at=now)
        (shown,) = _ask(reader).remarks
        assert (shown.text, shown.channel) == ("*Ünlimited*\n\n> x", Channel.COMMENT)
        assert shown.login

    def test_a_first_reading_may_begin_earlier(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """At a moment that is given; what was said before is not shown."""
        now = datetime.now(UTC)
        for text, age in (("too old", 2 * OLD), ("old", OLD), ("new", LOOKBACK / 2)):
            talk.add(text, number=NUMBER, ours=False, at=now - age)
        begin = Snapshot(since=now - 1.5 * OLD, head="", is_open=True)
        shown = _ask(reader, begin)
        assert sorted(one.text for one in shown.remarks) == ["new", "old"]
        assert (shown.head, shown.is_open) == (_ask(reader).head, True)

    def test_nothing_is_new_where_nothing_happens(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """However often the forge is asked."""
        talk.add("before", number=NUMBER, ours=False, at=datetime.now(UTC))
        talk.react(None, "+1")
        snapshot = Snapshot.of(_ask(reader))
        for _ in range(3):
            conversation = _ask(reader, snapshot)
            assert snapshot.news(conversation) == ()
            snapshot = snapshot.after(conversation)

    def test_what_is_said_later_is_new_once(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """Each comment is news in its order, and is none the next time."""
        snapshot = Snapshot.of(_ask(reader))
        for text in ("first", "second"):
            talk.add(text, number=NUMBER, ours=False, at=datetime.now(UTC))
            news, snapshot = _news(reader, snapshot)
            assert [(one.text, one.channel) for one in news] == [(text, Channel.COMMENT)]
        assert _news(reader, snapshot)[0] == ()

    @pytest.mark.parametrize("age", [timedelta(0), OLD], ids=["recent", "old"])
    def test_a_comment_that_is_edited_is_new(
        self, talk: ConversationForge, reader: ConversationReader, age: timedelta
    ) -> None:
        """It is an edit, however long ago it was written, and each edit is new."""
        at = datetime.now(UTC) - age
        comment = talk.add("Review in progress", number=NUMBER, ours=False, at=at)
        snapshot = Snapshot.of(_ask(reader))
        for text in ("Review limit reached", "No comments"):
            talk.edit(comment, text)
            news, snapshot = _news(reader, snapshot)
            assert [(one.text, one.channel) for one in news] == [(text, Channel.EDIT)]

    def test_reactions_are_shown(self, talk: ConversationForge, reader: ConversationReader) -> None:
        """Those to the description and those to the trigger, by their names."""
        trigger = talk.add("@bot review", number=NUMBER, ours=True, at=datetime.now(UTC))
        other = talk.add("a comment", number=NUMBER, ours=True, at=datetime.now(UTC))
        snapshot = Snapshot.of(_ask(reader, None, trigger))
        talk.react(other, "-1")
        talk.react(trigger, "eyes")
        talk.react(None, "+1")
        news, _ = _news(reader, snapshot, trigger)
        assert sorted(one.text for one in news) == ["+1", "eyes"]
        assert {one.channel for one in news} == {Channel.REACTION}
        assert all(one.login for one in news)

    def test_a_trigger_that_is_gone_is_no_error(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """The rest of the conversation is shown all the same."""
        talk.add("still there", number=NUMBER, ours=False, at=datetime.now(UTC))
        (shown,) = _ask(reader, None, 999_999_999).remarks
        assert shown.text == "still there"

    def test_the_head_is_shown(self, talk: ConversationForge, reader: ConversationReader) -> None:
        """And it is another one after a push."""
        talk.push("a" * 40)
        snapshot = Snapshot.of(_ask(reader))
        assert (snapshot.head, snapshot.is_open) == ("a" * 40, True)
        assert snapshot.after(_ask(reader, snapshot)).head == "a" * 40
        talk.push("b" * 40)
        assert _ask(reader, snapshot).head == "b" * 40

    def test_a_closed_pull_request_is_not_open(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """Although one can still comment on it."""
        snapshot = Snapshot.of(_ask(reader))
        talk.enter(Situation.CLOSED, "")
        assert not _ask(reader, snapshot).is_open

    def test_a_snapshot_can_be_kept(
        self, talk: ConversationForge, reader: ConversationReader, make_poster: MakePoster
    ) -> None:
        """Another process goes on with it, and sees what is new since, and nothing else."""
        talk.add("before", number=NUMBER, ours=False, at=datetime.now(UTC))
        kept = to_json(Snapshot.of(_ask(reader)))
        talk.add("after", number=NUMBER, ours=False, at=datetime.now(UTC))
        another = _reader(make_poster(TOKEN, SECONDS))
        news, _ = _news(another, from_json(Snapshot, kept))
        assert [one.text for one in news] == ["after"]

    def test_what_was_shown_and_not_kept_is_shown_again(
        self, talk: ConversationForge, reader: ConversationReader
    ) -> None:
        """A worker may die before it has kept what it saw."""
        snapshot = Snapshot.of(_ask(reader))
        talk.add("limited", number=NUMBER, ours=False, at=datetime.now(UTC))
        for _ in range(2):
            news, _unkept = _news(reader, snapshot)
            assert [one.text for one in news] == ["limited"]

    @pytest.mark.parametrize("situation", list(Situation), ids=lambda one: one.name)
    def test_each_trouble_has_its_answer(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """No trouble reads as a conversation in which nothing was said, and nothing is posted."""
        reader = _reader(make_poster(TOKEN, SHORT if situation in UNANSWERED else SECONDS))
        forge.enter(situation, "")
        answer = returned(partial(reader.read_conversation, a_job().asked, None, ()))
        kinds: dict[Situation, type | tuple[type, ...]] = {
            Situation.WORKING: Conversation,
            Situation.CLOSED: Conversation,
            Situation.ANSWER_LOST: (Conversation, Unknown),
            Situation.THROTTLED: Throttled,
            Situation.UNAUTHORIZED: Unauthorized,
            Situation.REFUSED: Refused,
        }
        if situation in kinds:
            assert isinstance(answer, kinds[situation])
        else:
            assert not isinstance(answer, Conversation | Refused)
        assert forge.comments() == []

    @pytest.mark.parametrize("situation", UNANSWERED, ids=lambda one: one.name)
    def test_a_reading_keeps_its_time_limit(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """It gives up when its own time is over."""
        _reader(make_poster(TOKEN, SHORT))
        forge.enter(situation, "")

        def ask(poster: Poster) -> object:
            return _reader(poster).read_conversation(a_job().asked, None, ())

        assert keeps_time_limit(forge, make_poster, ask)


def _reader(poster: Poster) -> ConversationReader:
    if not isinstance(poster, ConversationReader):
        pytest.skip("the poster is no ConversationReader")
    return poster


def _ask(
    reader: ConversationReader, snapshot: Snapshot | None = None, *triggers: int | str
) -> Conversation:
    answer = reader.read_conversation(a_job().asked, snapshot, triggers)
    assert isinstance(answer, Conversation), answer
    return answer


def _news(
    reader: ConversationReader, snapshot: Snapshot, *triggers: int | str
) -> tuple[tuple[Remark, ...], Snapshot]:
    """What is new, and the snapshot after it."""
    conversation = _ask(reader, snapshot, *triggers)
    return snapshot.news(conversation), snapshot.after(conversation)
