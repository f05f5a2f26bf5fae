"""The contract of posters that reply in the threads of review comments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, runtime_checkable

import pytest

from comenq_core.model import Posted, Refused
from comenq_core.protocols import Poster, ThreadReplier
from comenq_core.testing.contract.forge import (
    OUTCOMES,
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
from comenq_core.testing.contract.lookup import FAILURES

__all__ = ["ReplyingContract", "ThreadForge"]

BODY = "Fixed."
LONG = timedelta(hours=1)


@runtime_checkable
class ThreadForge(Forge, Protocol):
    """A stand-in for a forge on which others have begun threads on the pull request `NUMBER`."""

    def begin_thread(self) -> int:
        """Let somebody else begin a thread; return the id of its first comment."""

    def reply(self, thread: int, body: str, *, ours: bool, at: datetime) -> int:
        """Reply without the poster under test; return the id that ``in_reply_to`` can have."""

    def replies(self, thread: int) -> list[str]:
        """The bodies of the replies in a thread, oldest first."""

    def delete_first(self, thread: int) -> None:
        """Delete the first comment of a thread."""


class ReplyingContract(PosterHarness):
    """`ThreadReplier`, of the posters that have this ability."""

    @pytest.fixture
    def replier(self, poster: Poster) -> ThreadReplier:
        """The poster."""
        return _replier(poster)

    @pytest.fixture
    def threads(self, forge: Forge, replier: ThreadReplier) -> ThreadForge:  # noqa: ARG002 -- a poster without the ability needs none
        """The stand-in, where others have begun threads."""
        assert isinstance(forge, ThreadForge)
        return forge

    @pytest.fixture
    def since(self) -> datetime:
        """When the job was first attempted."""
        return datetime.now(UTC)

    def test_a_reply_is_in_its_thread_alone(
        self, threads: ThreadForge, replier: ThreadReplier, since: datetime
    ) -> None:
        """It is posted there byte for byte, and found with the id and the URL that were told."""
        thread, other = threads.begin_thread(), threads.begin_thread()
        posted = replier.post_reply(a_job(BODY, in_reply_to=thread))
        found = replier.find_reply(a_job(BODY, in_reply_to=thread), since, ())
        assert isinstance(posted, Posted)
        assert isinstance(found, Posted)
        assert (found.comment_id, found.url) == (posted.comment_id, posted.url)
        assert (threads.replies(thread), threads.replies(other)) == ([BODY], [])
        assert threads.comments() == []

    def test_a_later_comment_names_its_thread(
        self, threads: ThreadForge, replier: ThreadReplier, since: datetime
    ) -> None:
        """A reply to a reply is posted in the thread of both, and found there."""
        thread = threads.begin_thread()
        later = threads.reply(thread, "Why?", ours=False, at=since)
        posted = replier.post_reply(a_job(BODY, in_reply_to=later))
        found = replier.find_reply(a_job(BODY, in_reply_to=later), since, ())
        assert isinstance(posted, Posted)
        assert isinstance(found, Posted)
        assert found.comment_id == posted.comment_id
        assert threads.replies(thread) == ["Why?", BODY]

    def test_what_only_reads_the_same_is_not_found(
        self, threads: ThreadForge, replier: ThreadReplier, since: datetime
    ) -> None:
        """Another author's words, other threads', older ones and comments are not the job's."""
        thread, other = threads.begin_thread(), threads.begin_thread()
        threads.reply(thread, BODY, ours=False, at=since)
        threads.reply(other, BODY, ours=True, at=since)
        threads.reply(thread, BODY, ours=True, at=since - LONG)
        threads.add(BODY, number=7, ours=True, at=since)
        assert replier.find_reply(a_job(BODY, in_reply_to=thread), since, ()) is None

    def test_a_known_reply_is_not_found(
        self, threads: ThreadForge, replier: ThreadReplier, since: datetime
    ) -> None:
        """What another job has posted is passed over; no comment's id stands for a reply."""
        thread = threads.begin_thread()
        posted = replier.post_reply(a_job(BODY, in_reply_to=thread))
        assert isinstance(posted, Posted)
        known = {posted.comment_id}
        assert replier.find_reply(a_job(BODY, in_reply_to=thread), since, known) is None
        others = set(range(1, 100))
        found = replier.find_reply(a_job(BODY, in_reply_to=thread), since, others)
        assert isinstance(found, Posted)

    def test_a_thread_that_is_gone_refuses_the_reply(
        self, threads: ThreadForge, replier: ThreadReplier, since: datetime
    ) -> None:
        """Whichever comment of it is named; what was posted before is found all the same."""
        thread = threads.begin_thread()
        later = threads.reply(thread, "Why?", ours=False, at=since)
        replier.post_reply(a_job(BODY, in_reply_to=thread))
        threads.delete_first(thread)
        for named in (thread, later):
            outcome = replier.post_reply(a_job("Again", in_reply_to=named))
            assert isinstance(outcome, Refused)
            assert f"{thread}" in outcome.message
            found = replier.find_reply(a_job(BODY, in_reply_to=named), since, ())
            assert isinstance(found, Posted)

    @pytest.mark.parametrize("situation", OUTCOMES, ids=lambda one: one.name)
    def test_an_outcome_says_what_happened(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """In each situation, a reply has the outcome that any comment has."""
        poster = _replier(make_poster(TOKEN, SHORT if situation in UNANSWERED else SECONDS))
        assert isinstance(forge, ThreadForge)
        is_closed = situation is Situation.CLOSED
        job = a_job(BODY, if_open=is_closed, in_reply_to=forge.begin_thread())
        forge.enter(situation, f"The token {TOKEN} is not what we wanted.")
        outcome = returned(partial(poster.post_reply, job))
        assert type(outcome) is OUTCOMES[situation]
        assert TOKEN not in repr(outcome)

    @pytest.mark.parametrize("situation", FAILURES, ids=lambda one: one.name)
    def test_a_failed_look_up_of_a_reply_is_no_answer(
        self, forge: Forge, make_poster: MakePoster, since: datetime, situation: Situation
    ) -> None:
        """Without a full answer, `find_reply` never says that the reply is not there."""
        poster = _replier(make_poster(TOKEN, SHORT if situation in UNANSWERED else SECONDS))
        assert isinstance(forge, ThreadForge)
        job = a_job(BODY, in_reply_to=forge.begin_thread())
        forge.enter(situation, "Try something else.")
        found = returned(partial(poster.find_reply, job, since, ()))
        assert type(found) is FAILURES[situation]

    @pytest.mark.parametrize("situation", UNANSWERED, ids=lambda one: one.name)
    def test_a_reply_keeps_its_time_limit(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """It gives up when its own time is over."""
        _replier(make_poster(TOKEN, SHORT))
        assert isinstance(forge, ThreadForge)
        job = a_job(BODY, in_reply_to=forge.begin_thread())
        forge.enter(situation, "")
        assert keeps_time_limit(forge, make_poster, lambda poster: _replier(poster).post_reply(job))


def _replier(poster: Poster) -> ThreadReplier:
    if not isinstance(poster, ThreadReplier):
        pytest.skip("the poster is no ThreadReplier")
    return poster
