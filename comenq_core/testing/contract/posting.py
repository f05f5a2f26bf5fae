"""The contract of a poster: one comment on the forge, the true outcome, and no secret told."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from comenq_core.model import Outcome, Posted, Throttled, Unknown
from comenq_core.protocols import Poster
from comenq_core.testing.contract.forge import (
    BRIEF,
    OUTCOMES,
    SECONDS,
    SILENCE,
    TOKEN,
    Forge,
    MakePoster,
    PosterHarness,
    Situation,
    a_job,
    in_time,
)

BODIES = {
    "one line": "Looks good.",
    "white space": "  leading\r\n\r\n\ttabs and trailing  \n",
    "another script": "שלום, мир, 👩‍👩‍👧 é",
    "punctuation": "\"quoted\" 'single' \\ <b>&amp;</b> {} [] % $HOME `id` &=+#?;",
    "markup": "# Title\n\n- a list\n- @nobody\n\n<!-- hidden -->\n",
    "long": "x" * 60_000,
}
UNANSWERED = (Situation.SILENT, Situation.SLOW)
ANSWERED = [situation for situation in OUTCOMES if situation not in UNANSWERED]
EACH = pytest.mark.parametrize("situation", OUTCOMES, ids=lambda one: one.name)
LONGEST_MESSAGE = 1_000


class PostingContract(PosterHarness):
    """What `Poster.post` does, and what it says about it."""

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_a_comment_is_posted_once_as_it_is(
        self, forge: Forge, poster: Poster, body: str
    ) -> None:
        """The body appears on the forge byte for byte, and no other comment with it."""
        assert isinstance(poster.post(a_job(body)), Posted)
        assert forge.comments() == [body]

    def test_a_comment_is_told_with_its_id_and_address(self, poster: Poster) -> None:
        """Two comments have two ids, and an address each where people can read them."""
        first, second = poster.post(a_job("first")), poster.post(a_job("second"))
        assert isinstance(first, Posted)
        assert isinstance(second, Posted)
        assert first.comment_id != second.comment_id
        assert first.url != second.url
        assert first.url

    @EACH
    def test_each_situation_has_its_outcome(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """What core decides from is true, in time: above all, whether the comment may be there."""
        forge.enter(situation, "Try something else.")
        outcome = _post(make_poster, situation)[1]
        assert type(outcome) is OUTCOMES[situation]
        if not isinstance(outcome, Unknown):
            assert len(forge.comments()) == isinstance(outcome, Posted)

    def test_a_job_with_no_condition_is_posted_all_the_same(
        self, forge: Forge, poster: Poster
    ) -> None:
        """That a pull request is closed keeps only those comments away that want it open."""
        forge.enter(Situation.CLOSED, "")
        assert isinstance(poster.post(a_job()), Posted)
        assert forge.comments() == ["Looks good."]

    def test_the_forge_is_left_alone_for_as_long_as_it_asks(
        self, forge: Forge, poster: Poster
    ) -> None:
        """The length of the silence that the forge asks for reaches core, a little more at most."""
        forge.enter(Situation.THROTTLED, "Wait a while.")
        outcome = poster.post(a_job())
        assert isinstance(outcome, Throttled)
        assert outcome.wait is not None
        assert SILENCE <= outcome.wait <= 2 * SILENCE

    @EACH
    def test_no_credential_is_told(
        self,
        forge: Forge,
        make_poster: MakePoster,
        situation: Situation,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """No outcome, representation or log line has it, even if the forge repeats it."""
        caplog.set_level(logging.DEBUG)
        forge.enter(situation, f"The token {TOKEN} is not what we wanted.")
        poster, outcome = _post(make_poster, situation)
        assert TOKEN not in f"{outcome!r} {poster!r} {poster} {caplog.text}"

    @pytest.mark.parametrize("situation", ANSWERED, ids=lambda one: one.name)
    def test_what_the_forge_says_is_fit_to_be_shown(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """Its words come on one line, shortened, and with nothing that steers a terminal."""
        forge.enter(situation, "\x1b[2J\r\nmade up\u202e " + 10_000 * "x")
        _, outcome = _post(make_poster, situation)
        assert outcome.message.isprintable()
        assert len(outcome.message) < LONGEST_MESSAGE

    def test_the_account_outlives_its_credential(self, make_poster: MakePoster) -> None:
        """Its pace is recorded under its name, so that a new credential does not reset the pace."""
        first, second = make_poster(TOKEN, SECONDS), make_poster(TOKEN[::-1], SECONDS)
        assert first.account == second.account
        assert first.account

    def test_a_fingerprint_is_of_one_credential(self, make_poster: MakePoster) -> None:
        """It is the same for the same credential, and another for another."""
        first, again = make_poster(TOKEN, SECONDS), make_poster(TOKEN, SECONDS)
        assert first.credential() == again.credential()
        assert first.credential() != make_poster(TOKEN[::-1], SECONDS).credential()

    def test_a_fingerprint_does_not_give_the_credential_away(self, poster: Poster) -> None:
        """No piece of the credential that would help to guess it stands in the fingerprint."""
        pieces = [TOKEN[start : start + 8] for start in range(len(TOKEN) - 7)]
        assert not [piece for piece in pieces if piece in poster.credential()]


def _post(make_poster: MakePoster, situation: Situation) -> tuple[Poster, Outcome]:
    poster = make_poster(TOKEN, BRIEF if situation in UNANSWERED else SECONDS)
    job = a_job(if_open=situation is Situation.CLOSED)
    return poster, in_time(partial(poster.post, job))
