"""The contract of a reviewer: whose answer it is, and that nothing is taken for what it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.model import Answer, Channel, ReadingKind
from comenq_core.protocols import Reviewer, TriggerAdviser

__all__ = ["ReviewerContract"]

WITHOUT_WORDS = ("", " \n\t\n", "<!-- rate limited -->", "> ", "```\n```", "\N{CROSS MARK}")
NASTY = (
    "> " * 20_000,
    "`" * 60_000,
    "<!--" * 15_000,
    "[" * 60_000,
    "1 hour and " * 5_000,
    "review limit " * 5_000,
    "\x00\x1b[2J\u202e\ud7ff",
)


class ReviewerContract:
    """The contract of every reviewer.

    A subclass defines four fixtures: ``reviewer``; ``trigger``, a comment that asks the bot for a
    review; ``limited`` and ``reviewed``, two of the bot's answers, as it writes them.
    """

    @pytest.fixture
    def reviewer(self) -> Reviewer:
        """The reviewer."""
        raise NotImplementedError("define the fixture `reviewer` in your subclass")

    @pytest.fixture
    def trigger(self) -> str:
        """A comment that asks the bot for a review."""
        raise NotImplementedError("define the fixture `trigger` in your subclass")

    @pytest.fixture
    def limited(self) -> Answer:
        """An answer by which the bot says that it is limited."""
        raise NotImplementedError("define the fixture `limited` in your subclass")

    @pytest.fixture
    def reviewed(self) -> Answer:
        """An answer by which the bot says that it has reviewed."""
        raise NotImplementedError("define the fixture `reviewed` in your subclass")

    def test_it_has_a_name_and_a_login(self, reviewer: Reviewer) -> None:
        """The settings call it by its name; its answers are known by its logins."""
        assert reviewer.name
        assert all(reviewer.logins)
        assert reviewer.logins

    def test_a_trigger_is_not_nearly_one(self, reviewer: Reviewer, trigger: str) -> None:
        """Where it tells of comments that will hardly lead to a review, a trigger is none."""
        if not isinstance(reviewer, TriggerAdviser):
            pytest.skip("it tells nothing of them")
        assert not reviewer.nearly_addresses(trigger)
        assert not any(map(reviewer.nearly_addresses, ("", *NASTY)))
        assert isinstance(reviewer.ignores_bots, bool)

    def test_its_answers_are_understood(
        self, reviewer: Reviewer, limited: Answer, reviewed: Answer
    ) -> None:
        """A limit is a limit, a review is a review, and each names its rule and its line."""
        readings = [reviewer.read(limited), reviewer.read(reviewed)]
        assert [one.kind for one in readings] == [ReadingKind.LIMITED, ReadingKind.REVIEWED]
        assert all(one.rule for one in readings)

    def test_only_a_limit_has_a_wait(
        self, reviewer: Reviewer, limited: Answer, reviewed: Answer
    ) -> None:
        """A wait is no less than nothing, and a review has none."""
        assert (reviewer.read(limited).wait or timedelta(0)) >= timedelta(0)
        assert reviewer.read(reviewed).wait is None

    def test_reading_again_gives_the_same(self, reviewer: Reviewer, limited: Answer) -> None:
        """What an answer means depends on nothing else."""
        assert reviewer.read(limited) == reviewer.read(limited)

    def test_each_form_of_its_login_is_its_own(self, reviewer: Reviewer, limited: Answer) -> None:
        """REST and GraphQL name an App in different ways, and case does not count."""
        for login in reviewer.logins:
            bare = login.removesuffix("[bot]")
            for form in (bare, f"{bare}[bot]", bare.upper()):
                assert reviewer.wrote(replace(limited, login=form))

    def test_a_login_that_looks_like_its_own_is_not(
        self, reviewer: Reviewer, limited: Answer
    ) -> None:
        """Anybody can have such a name, and what they write is no answer of the bot."""
        bare = reviewer.logins[0].removesuffix("[bot]")
        for login in (
            "",
            f"{bare}-x",
            f"x-{bare}",
            f"{bare}[bot]x",
            bare[:-1],
            f"{bare}[bot][bot]",
        ):
            copied = replace(limited, login=login)
            assert not reviewer.wrote(copied)
            assert reviewer.read(copied).kind is ReadingKind.OTHER

    def test_a_trigger_is_a_whole_comment(self, reviewer: Reviewer, trigger: str) -> None:
        """White space around it does not count; in the middle of a text it asks for nothing."""
        assert reviewer.addresses(trigger)
        assert reviewer.addresses(f"\n {trigger}\n")
        assert not reviewer.addresses(f"Nobody should write {trigger} in here.")
        assert not reviewer.addresses("")

    @pytest.mark.parametrize("channel", Channel)
    def test_no_words_are_neither_a_limit_nor_a_review(
        self, reviewer: Reviewer, channel: Channel
    ) -> None:
        """An empty answer says nothing."""
        for text in WITHOUT_WORDS:
            answer = Answer(login=reviewer.logins[0], channel=channel, text=text)
            assert reviewer.read(answer).kind is ReadingKind.OTHER

    def test_what_it_quotes_is_not_its_own_word(self, reviewer: Reviewer, limited: Answer) -> None:
        """A limit in code, or in the quote of a person, limits nothing."""
        quoted = "\n".join(f"> {line}" for line in limited.text.splitlines())
        for text in (
            f"The notice was:\n\n~~~~\n{limited.text}\n~~~~\n",
            f"> @octocat wrote:\n>\n{quoted}\n\n@octocat, that was yesterday.",
            f"You wrote:\n\n{quoted}\n\nThat was yesterday.",
        ):
            answer = replace(limited, text=text)
            assert reviewer.read(answer).kind is not ReadingKind.LIMITED

    @pytest.mark.parametrize("channel", Channel)
    def test_any_text_can_be_read(self, reviewer: Reviewer, channel: Channel) -> None:
        """No text makes it raise or hang, however long, and none of these is a limit."""
        for text in NASTY:
            answer = Answer(login=reviewer.logins[0], channel=channel, text=text)
            assert reviewer.read(answer).kind is not ReadingKind.LIMITED
