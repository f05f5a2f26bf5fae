"""The contract of a poster: when an answer was lost, it finds its own comment and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from comenq_core.model import Attempt, Posted, Refused, Throttled, Unauthorized, Unknown
from comenq_core.protocols import Poster
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

BODY = "Looks good."
LONG = timedelta(hours=1)
MANY = 120
"""More comments than forges show on a page."""
FAILURES: dict[Situation, type[Refused | Throttled | Unauthorized | Unknown]] = {
    Situation.THROTTLED: Throttled,
    Situation.UNAUTHORIZED: Unauthorized,
    Situation.REFUSED: Refused,
    Situation.FAILING: Unknown,
    Situation.GARBLED: Unknown,
    Situation.SILENT: Unknown,
    Situation.SLOW: Unknown,
    Situation.UNREACHABLE: Unknown,
}


class LookupContract(PosterHarness):
    """What `Poster.find` finds."""

    @pytest.fixture
    def since(self) -> datetime:
        """When the job was first attempted."""
        return datetime.now(UTC)

    def test_a_posted_comment_is_found(self, forge: Forge, poster: Poster, since: datetime) -> None:
        """A comment is found with the id and the URL that `post` returned."""
        posted = poster.post(a_job(BODY))
        found = poster.find(a_job(BODY), since, known=())
        assert isinstance(posted, Posted)
        assert isinstance(found, Posted)
        assert (found.comment_id, found.url) == (posted.comment_id, posted.url)
        assert forge.comments() == [BODY]

    def test_a_comment_whose_answer_was_lost_is_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """Where `post` had to return `Unknown`, `find` finds the comment."""
        forge.enter(Situation.ANSWER_LOST, "")
        poster.post(a_job(BODY))
        assert isinstance(poster.find(a_job(BODY), since, known=()), Posted)

    def test_a_comment_that_is_not_there_is_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """A comment that reads quite differently, or is on another pull request, is not it."""
        forge.add("Please run the linter.", number=NUMBER, ours=True, at=since)
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
        """A comment from long before the first attempt is not the job's."""
        forge.add(BODY, number=NUMBER, ours=True, at=since - LONG)
        assert poster.find(a_job(BODY), since, known=()) is None

    def test_a_comment_of_the_same_second_is_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """Forges round times down, so a comment that seems a little too early is the job's."""
        forge.add(BODY, number=NUMBER, ours=True, at=since.replace(microsecond=0))
        assert isinstance(poster.find(a_job(BODY), since, known=()), Posted)

    def test_the_job_s_own_earlier_comment_is_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """A comment of the job from an earlier post is not that of the latest one."""
        earlier = forge.add(BODY, number=NUMBER, ours=True, at=since)
        posted = Attempt(
            started=since,
            ended=since,
            account=poster.account,
            outcome="posted",
            comment_id=earlier,
        )
        job = replace(a_job(BODY), attempts=(posted,))
        assert poster.find(job, since, known=()) is None

    def test_a_known_comment_is_not_found(
        self, forge: Forge, poster: Poster, since: datetime
    ) -> None:
        """Another job's comment is passed over, even if it reads the same; a new one is found."""
        known = forge.add(BODY, number=NUMBER, ours=True, at=since)
        assert poster.find(a_job(BODY), since, known={known}) is None
        new = forge.add(BODY, number=NUMBER, ours=True, at=since)
        found = poster.find(a_job(BODY), since, known={known})
        assert isinstance(found, Posted)
        assert found.comment_id == new

    @pytest.mark.parametrize("place", ["first", "last"])
    def test_every_page_is_read(
        self, forge: Forge, poster: Poster, since: datetime, place: str
    ) -> None:
        """Among many comments, the job's is found on the first page and on the last."""
        bodies = [f"comment {number}" for number in range(MANY)]
        for body in [BODY, *bodies] if place == "first" else [*bodies, BODY]:
            forge.add(body, number=NUMBER, ours=True, at=since)
        assert isinstance(poster.find(a_job(BODY), since, known=()), Posted)

    @pytest.mark.parametrize(
        ("situation", "outcome"), FAILURES.items(), ids=[failure.name for failure in FAILURES]
    )
    def test_a_look_up_that_fails_is_no_answer(
        self,
        forge: Forge,
        make_poster: MakePoster,
        since: datetime,
        situation: Situation,
        outcome: type[Refused | Throttled | Unauthorized | Unknown],
    ) -> None:
        """Without a full answer, `find` never says that the comment is not there.

        That the pull request is gone is an answer of its own.
        """
        forge.add(BODY, number=NUMBER, ours=True, at=since)
        forge.enter(situation, f"The token {TOKEN} is not what we wanted.")
        poster = make_poster(TOKEN, SHORT if situation in UNANSWERED else SECONDS)
        found = returned(partial(poster.find, a_job(BODY), since, known=()))
        assert type(found) is outcome
        assert TOKEN not in repr(found)

    @pytest.mark.parametrize("situation", UNANSWERED, ids=lambda one: one.name)
    def test_a_look_up_keeps_its_time_limit(
        self, forge: Forge, make_poster: MakePoster, since: datetime, situation: Situation
    ) -> None:
        """`find` gives up when its own time is over, also while the forge sends bytes."""
        forge.enter(situation, "")
        assert keeps_time_limit(
            forge, make_poster, lambda poster: poster.find(a_job(BODY), since, known=())
        )

    def test_a_look_up_changes_nothing(self, forge: Forge, poster: Poster, since: datetime) -> None:
        """`find` posts nothing, however often it is called."""
        for _ in range(2):
            poster.find(a_job(BODY), since, known=())
        assert forge.comments() == []
