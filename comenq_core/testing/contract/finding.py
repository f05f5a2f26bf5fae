"""The contract of a poster: after a doubtful try, it finds its own comment and no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from comenq_core.model import Posted, Throttled, Unauthorized, Unknown
from comenq_core.protocols import Poster
from comenq_core.testing.contract.forge import (
    BRIEF,
    NUMBER,
    TOKEN,
    Forge,
    MakePoster,
    PosterHarness,
    Situation,
    a_job,
    in_time,
)

BODY = "Looks good."
LONG = timedelta(hours=1)
MANY = 120
"""More comments than forges show on a page."""
TROUBLES: dict[Situation, type[Throttled | Unauthorized | Unknown]] = {
    Situation.THROTTLED: Throttled,
    Situation.UNAUTHORIZED: Unauthorized,
    Situation.REFUSED: Unknown,
    Situation.BROKEN: Unknown,
    Situation.GARBLED: Unknown,
    Situation.SILENT: Unknown,
    Situation.SLOW: Unknown,
    Situation.AWAY: Unknown,
}


class LookupContract(PosterHarness):
    """What `Poster.find` finds."""

    @pytest.fixture
    def since(self) -> datetime:
        """When the job was tried."""
        return datetime.now(UTC)

    def test_a_posted_comment_is_found(self, forge: Forge, poster: Poster, since: datetime) -> None:
        """A comment is found with the id and the address that posting it has told."""
        posted = poster.post(a_job(BODY))
        found = poster.find(a_job(BODY), since, known=())
        assert isinstance(posted, Posted)
        assert isinstance(found, Posted)
        assert (found.comment_id, found.url) == (posted.comment_id, posted.url)
        assert forge.comments() == [BODY]

    def test_a_comment_whose_answer_was_lost_is_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """What the poster could not know, it can find out."""
        forge.enter(Situation.LOST, "")
        poster.post(a_job(BODY))
        assert isinstance(poster.find(a_job(BODY), since, known=()), Posted)

    def test_a_comment_that_is_not_there_is_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """Only what reads the same, on the same pull request, is the job's comment."""
        forge.add(f"{BODY} ", number=NUMBER, ours=True, at=since)
        forge.add(BODY, number=NUMBER + 1, ours=True, at=since)
        assert poster.find(a_job(BODY), since, known=()) is None

    def test_the_same_words_of_somebody_else_are_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """Another author's comment is not the job's."""
        forge.add(BODY, number=NUMBER, ours=False, at=since)
        assert poster.find(a_job(BODY), since, known=()) is None

    def test_an_older_comment_is_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """What was there long before the job was tried is not the job's."""
        forge.add(BODY, number=NUMBER, ours=True, at=since - LONG)
        assert poster.find(a_job(BODY), since, known=()) is None

    def test_a_comment_of_the_same_second_is_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """Forges round times off; a comment that seems a little early for that is the job's."""
        forge.add(BODY, number=NUMBER, ours=True, at=since.replace(microsecond=0))
        assert isinstance(poster.find(a_job(BODY), since, known=()), Posted)

    def test_a_known_comment_is_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """What another job has posted is its own; one that reads the same and is new is found."""
        known = forge.add(BODY, number=NUMBER, ours=True, at=since)
        assert poster.find(a_job(BODY), since, known={known}) is None
        new = forge.add(BODY, number=NUMBER, ours=True, at=since)
        found = poster.find(a_job(BODY), since, known={known})
        assert isinstance(found, Posted)
        assert found.comment_id == new

    @pytest.mark.parametrize("place", ["first", "last"])
    def test_every_page_is_looked_at(
        self, forge: Forge, poster: Poster, since: datetime, place: str
    ) -> None:
        """Among many comments, the job's is found wherever it stands."""
        bodies = [f"comment {number}" for number in range(MANY)]
        for body in [BODY, *bodies] if place == "first" else [*bodies, BODY]:
            forge.add(body, number=NUMBER, ours=True, at=since)
        assert isinstance(poster.find(a_job(BODY), since, known=()), Posted)

    @pytest.mark.parametrize(
        ("situation", "outcome"), TROUBLES.items(), ids=[trouble.name for trouble in TROUBLES]
    )
    def test_a_look_that_fails_is_no_answer(
        self,
        forge: Forge,
        make_poster: MakePoster,
        since: datetime,
        situation: Situation,
        outcome: type[Throttled | Unauthorized | Unknown],
    ) -> None:
        """Where the forge has not answered in full, nobody may think that nothing is there."""
        forge.add(BODY, number=NUMBER, ours=True, at=since)
        forge.enter(situation, f"The token {TOKEN} is not what we wanted.")
        poster = make_poster(TOKEN, BRIEF)
        found = in_time(partial(poster.find, a_job(BODY), since, known=()))
        assert type(found) is outcome
        assert TOKEN not in repr(found)

    def test_a_look_changes_nothing(self, forge: Forge, poster: Poster, since: datetime) -> None:
        """However often it is asked, the forge has the comments that it had."""
        for _ in range(2):
            poster.find(a_job(BODY), since, known=())
        assert forge.comments() == []
