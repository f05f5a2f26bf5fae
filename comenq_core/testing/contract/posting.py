"""The contract of a poster: one comment, the true outcome, in time, and no credential shown."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from comenq_core.model import Outcome, Posted, Throttled, Unknown
from comenq_core.protocols import Poster
from comenq_core.testing.contract.forge import (
    OUTCOMES,
    RETRY_AFTER,
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

BODIES = {
    "one line": "Looks good.",
    "white space": "  leading\r\n\r\n\ttabs and trailing  \n",
    "another script": "שלום, мир, 👩‍👩‍👧 é",
    "punctuation": "\"quoted\" 'single' \\ <b>&amp;</b> {} [] % $HOME `id` &=+#?;",
    "markup": "# Title\n\n- a list\n- @nobody\n\n<!-- hidden -->\n",
    "long": "x" * 60_000,
}
ANSWERED = [situation for situation in OUTCOMES if situation not in UNANSWERED]
EACH = pytest.mark.parametrize("situation", OUTCOMES, ids=lambda one: one.name)
LONGEST_MESSAGE = 1_000


class PostingContract(PosterHarness):
    """What `Poster.post` does and returns, and what a poster says of its account."""

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_a_comment_is_posted_once_as_it_is(
        self, forge: Forge, poster: Poster, body: str
    ) -> None:
        """The body appears on the forge byte for byte, and no other comment with it."""
        assert isinstance(poster.post(a_job(body)), Posted)
        assert forge.comments() == [body]

    def test_a_posted_comment_has_an_id_and_a_url(self, poster: Poster) -> None:
        """Two comments have two ids and two URLs."""
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
        """The outcome is true: above all, whether the comment may be there."""
        forge.enter(situation, "Try something else.")
        outcome = _post(make_poster, situation)[1]
        assert type(outcome) is OUTCOMES[situation]
        if not isinstance(outcome, Unknown):
            assert len(forge.comments()) == isinstance(outcome, Posted)

    @pytest.mark.parametrize("situation", UNANSWERED, ids=lambda one: one.name)
    def test_a_post_keeps_its_time_limit(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """`post` gives up when its own time is over, also while the forge sends bytes."""
        forge.enter(situation, "")
        assert keeps_time_limit(forge, make_poster, lambda poster: poster.post(a_job()))

    def test_a_job_without_a_condition_is_posted_to_a_closed_pull_request(
        self, forge: Forge, poster: Poster
    ) -> None:
        """Only jobs with `if_open` are skipped when the pull request is closed."""
        forge.enter(Situation.CLOSED, "")
        assert isinstance(poster.post(a_job()), Posted)
        assert forge.comments() == ["Looks good."]

    def test_the_wait_is_as_long_as_the_forge_asks(self, forge: Forge, poster: Poster) -> None:
        """`Throttled.wait` is what the forge asks for, or at most twice as long."""
        forge.enter(Situation.THROTTLED, "Wait a while.")
        outcome = poster.post(a_job())
        assert isinstance(outcome, Throttled)
        assert outcome.wait is not None
        assert RETRY_AFTER <= outcome.wait <= 2 * RETRY_AFTER

    @EACH
    def test_no_credential_is_shown(
        self,
        forge: Forge,
        make_poster: MakePoster,
        situation: Situation,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """No outcome, representation or log line holds it, even if the forge repeats it."""
        caplog.set_level(logging.DEBUG)
        forge.enter(situation, f"The token {TOKEN} is not what we wanted.")
        poster, outcome = _post(make_poster, situation)
        assert TOKEN not in f"{outcome!r} {poster!r} {poster} {caplog.text}"

    @pytest.mark.parametrize("situation", ANSWERED, ids=lambda one: one.name)
    def test_the_message_is_fit_to_be_shown(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """The forge's text is one line, shortened, without control characters."""
        forge.enter(situation, "\x1b[2J\r\nmade up\u202e " + 10_000 * "x")
        _, outcome = _post(make_poster, situation)
        assert outcome.message.isprintable()
        assert len(outcome.message) < LONGEST_MESSAGE

    def test_the_account_does_not_depend_on_the_credential(self, make_poster: MakePoster) -> None:
        """Pacing is recorded by account, so a new credential must not reset it."""
        first, second = make_poster(TOKEN, SECONDS), make_poster(TOKEN[::-1], SECONDS)
        assert first.account == second.account
        assert first.account

    def test_a_fingerprint_is_of_one_credential(self, make_poster: MakePoster) -> None:
        """Equal credentials have equal fingerprints, others have others."""
        first, again = make_poster(TOKEN, SECONDS), make_poster(TOKEN, SECONDS)
        assert first.credential() == again.credential()
        assert first.credential() != make_poster(TOKEN[::-1], SECONDS).credential()

    def test_a_fingerprint_does_not_show_the_credential(self, poster: Poster) -> None:
        """No eight characters in a row of the credential are in its fingerprint."""
        pieces = [TOKEN[start : start + 8] for start in range(len(TOKEN) - 7)]
        assert not [piece for piece in pieces if piece in poster.credential()]


def _post(make_poster: MakePoster, situation: Situation) -> tuple[Poster, Outcome]:
    poster = make_poster(TOKEN, SHORT if situation in UNANSWERED else SECONDS)
    job = a_job(if_open=situation is Situation.CLOSED)
    return poster, returned(partial(poster.post, job))
