"""Replies in review threads: a lane and a pace of their own, and the same evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from comenq_core.model import (
    CommentRequest,
    Job,
    NewJob,
    Origin,
    Outcome,
    Pacing,
    Posted,
    State,
)
from comenq_core.policy.from_settings import pacing_policy, retry_policy
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.worker import Worker
from tests.worker.rig import COOLDOWN, Rig, rig
from tests.worker.test_lanes import OnePoster

REPLY_COOLDOWN = 30.0


def begin_thread(made: Rig, number: int = 1) -> int:
    """Let a reviewer begin a thread; return the id of its first comment."""
    return made.forge.add_review_comment("o", "r", number, body="A nit.", login="rev").id


def replies(made: Rig) -> list[tuple[str, int | None]]:
    """What was posted in threads, and in which."""
    found = made.forge.review_comments
    return [(one.body, one.in_reply_to) for one in found if one.login == "octocat"]


@pytest.fixture(params=[(), ("coderabbit",)], ids=["alone", "with reviewers"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A rig, without and with reviewers."""
    with rig(tmp_path, reviewers=request.param) as made:
        yield made


def test_replies_go_at_their_own_pace(made: Rig) -> None:
    """Behind comments that wait for their cooldown, replies are posted, 30 s apart."""
    thread = begin_thread(made)
    for body in ("one", "two"):
        made.put(body)
    for number in range(3):
        made.put(f"Fixed {number}", in_reply_to=thread)
    made.run_for(1)
    assert (made.bodies, replies(made)) == (["one"], [("Fixed 0", thread)])
    made.run_for(2 * REPLY_COOLDOWN - 1)
    assert len(replies(made)) == 2
    made.run_for(1)
    assert (made.bodies, len(replies(made))) == (["one"], 3)


def test_a_reply_keeps_no_comment_waiting(made: Rig) -> None:
    """The cooldown of comments counts from the last comment, however many replies came after."""
    thread = begin_thread(made)
    made.put("one")
    made.run()
    made.put("two")
    for number in range(10):
        made.put(f"Fixed {number}", in_reply_to=thread)
    made.run_for(COOLDOWN - 1)
    assert (made.bodies, len(replies(made))) == (["one"], 10)
    made.run_for(1)
    assert made.bodies == ["one", "two"]


def test_the_pace_outlives_the_worker(made: Rig) -> None:
    """What was posted last of each kind is known after kill -9."""
    thread = begin_thread(made)
    made.put("one")
    made.put("Fixed", in_reply_to=thread)
    made.run_for(1)
    made.start()
    made.put("two")
    made.put("Fixed as well", in_reply_to=thread)
    made.run_for(REPLY_COOLDOWN - 1)
    assert len(replies(made)) == 1
    made.run_for(1)
    assert (len(replies(made)), made.bodies) == (2, ["one"])
    made.run_for(COOLDOWN - REPLY_COOLDOWN)
    assert made.bodies == ["one", "two"]


def test_any_two_posts_are_an_interval_apart(tmp_path: Path) -> None:
    """A comment and a reply that both may be posted go `min_post_interval_seconds` apart."""
    with rig(tmp_path, min_post_interval_seconds=10.0) as made:
        thread = begin_thread(made)
        made.put("Fixed", in_reply_to=thread)
        made.put("one")
        made.run_for(9)
        assert (replies(made), made.bodies) == ([("Fixed", thread)], [])
        made.run_for(1)
        assert made.bodies == ["one"]


def test_the_first_comment_after_a_reply_does_not_wait(made: Rig) -> None:
    """An account that has only replied so far owes no cooldown of comments."""
    made.put("Fixed", in_reply_to=begin_thread(made))
    made.put("one")
    made.run_for(1)
    assert made.bodies == ["one"]


@pytest.mark.parametrize("ending", ["an answer is lost", "the worker dies"])
def test_a_reply_is_looked_up_in_its_thread(made: Rig, ending: str) -> None:
    """What may be posted is found in the thread, and not posted again; others' words are not it."""
    thread, elsewhere = begin_thread(made), begin_thread(made)
    job = made.put("Fixed", in_reply_to=thread)
    for other in (elsewhere, thread):
        login = "octocat" if other == elsewhere else "rev"
        made.forge.add_review_comment("o", "r", 1, body="Fixed", login=login, in_reply_to=other)
    made.forge.answer_next(drop=True, accept=True)
    if ending == "the worker dies":
        _die_in_the_post(made)
        made.start()
    made.run_for(60)
    done = made.job(job)
    assert (done.state, len(made.forge.posts)) == (State.POSTED, 1)
    assert (done.comment_id, done.url) == (
        f"discussion_r{made.forge.review_comments[-1].id}",
        made.forge.review_comments[-1].html_url,
    )


def _die_in_the_post(made: Rig) -> None:
    """Let the forge take the reply, and the worker die before it records that."""
    (poster,) = made.posters()

    class Deadly:
        account = poster.account

        def __getattr__(self, name: str) -> object:
            return getattr(poster, name)

        def post_reply(self, job: Job) -> Outcome:
            poster.post(job)
            raise KeyboardInterrupt

        def find_reply(self, *_: object) -> None:
            raise AssertionError

    made.start([Deadly()])  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        made.run()


def test_a_reply_that_came_to_nothing_is_posted_once_more(made: Rig) -> None:
    """A request that the forge never took is sent again, as soon as the next reply may be."""
    thread = begin_thread(made)
    made.put("one")
    made.run()
    made.clock.advance(1)
    made.forge.answer_next(drop=True)
    job = made.put("Fixed", in_reply_to=thread)
    made.run_for(REPLY_COOLDOWN + 30)
    assert made.job(job).state is State.POSTED
    assert (replies(made), len(made.forge.posts)) == ([("Fixed", thread)], 3)


def test_the_same_words_in_two_threads_are_two_replies(made: Rig) -> None:
    """Each is posted in its own thread, also where the first one's answer was lost."""
    threads = [begin_thread(made), begin_thread(made)]
    made.forge.answer_next(drop=True, accept=True)
    jobs = [made.put("Fixed", in_reply_to=thread) for thread in threads]
    made.run_for(2 * REPLY_COOLDOWN)
    assert [made.job(job).state for job in jobs] == [State.POSTED, State.POSTED]
    assert replies(made) == [("Fixed", thread) for thread in threads]


def test_a_reply_is_not_taken_for_a_comment_of_the_same_number(made: Rig) -> None:
    """Review comments have numbers of their own: a known comment does not hide a reply."""
    thread = begin_thread(made)
    for number in range(2):
        made.forge.add_comment("o", "r", 1, body=f"{number}")
    made.put("a comment")
    made.run()
    made.forge.answer_next(drop=True, accept=True)
    job = made.put("Fixed", in_reply_to=thread)
    made.forge.add_review_comment("o", "r", 1, body="x", login="rev")
    made.run_for(REPLY_COOLDOWN)
    assert made.forge.review_comments[-1].id == made.forge.comments[-1].id
    assert (made.job(job).state, len(made.forge.posts)) == (State.POSTED, 2)


def test_a_thread_that_is_gone_fails_that_reply_alone(made: Rig) -> None:
    """Its reason is told in words, and the next reply is posted."""
    gone, thread = begin_thread(made), begin_thread(made)
    made.forge.delete_review_comment(made.forge.review_comments[0])
    lost = made.put("Fixed", in_reply_to=gone)
    made.put("Fixed", in_reply_to=thread)
    made.run_for(10 * REPLY_COOLDOWN)
    assert made.job(lost).state is State.FAILED
    assert f"there is no review comment {gone}" in made.job(lost).reason
    assert replies(made) == [("Fixed", thread)]


def test_a_trigger_in_a_thread_is_a_reply(made: Rig) -> None:
    """What is said in a thread asks for no review: nothing is followed, and no lane is closed."""
    thread = begin_thread(made)
    job = made.put("@coderabbitai review", in_reply_to=thread)
    made.run_for(1)
    assert (made.job(job).state, made.job(job).reviewer) == (State.POSTED, "")
    assert not made.store.lanes()
    assert not made.store.follows()


def test_a_poster_that_cannot_reply_is_given_no_reply(made: Rig) -> None:
    """The reply fails with that reason, and the comment after it is posted."""
    posted = list[Job]()

    def answer(job: Job) -> Outcome:
        posted.append(job)
        return Posted(comment_id=len(posted), url="https://forge.example/1", status=201)

    job, other = made.put("Fixed", in_reply_to=7), made.put("one")
    made.start([OnePoster(answer)])
    made.run_for(1)
    assert (made.job(job).state, [one.id for one in posted]) == (State.FAILED, [other.id])
    assert "cannot reply in a review thread" in made.job(job).reason


class Replier(OnePoster):
    """The same, for replies as well."""

    def post_reply(self, job: Job) -> Outcome:
        """What the test wants."""
        return self.post(job)

    def find_reply(self, _job: Job, _since: datetime, _known: Collection[int | str]) -> None:
        """Nothing is there."""


class OneLane:
    """A store that keeps no lanes."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        if name in {"divide", "lanes", "save_lane", "claim_outside", "position_in"}:
            raise AttributeError(name)
        return getattr(self._store, name)


def test_without_lanes_replies_keep_the_pace_of_comments(made: Rig) -> None:
    """In a store that keeps no lanes, a reply is posted in its turn, a cooldown after the last."""
    store = MemoryStore(made.clock)
    posted: list[str] = []

    def answer(job: Job) -> Outcome:
        posted.append(job.asked.body)
        return Posted(comment_id=len(posted), url="https://forge.example/1", status=201)

    for number, thread in enumerate([None, 7, 7]):
        request = CommentRequest(
            owner="o", repo="r", pr_number=1, body=f"{number}", in_reply_to=thread
        )
        store.put([NewJob(request=request, origin=Origin(intake="test"))])
    policies = pacing_policy(made.settings), retry_policy(made.settings)
    worker = Worker(OneLane(store), [Replier(answer)], *policies)  # type: ignore[arg-type]
    with store.lock():
        for count in range(1, 4):
            for seconds in (0, COOLDOWN - 1):
                made.clock.advance(seconds)
                while not worker.step():
                    pass
                assert posted == ["0", "1", "2"][:count]
            made.clock.advance(1)


def test_a_jitter_from_before_keeps_a_trigger_waiting_and_no_reply(tmp_path: Path) -> None:
    """What the account owes of a cooldown without reviewers is owed by all but replies."""
    with rig(tmp_path, reviewers=("coderabbit",)) as made:
        thread = begin_thread(made)
        record = Pacing(account="default", at=made.clock(), jitter=500.0)
        made.store.save_pacing(record, expect=None)
        trigger = made.put("@coderabbitai review")
        made.put("Fixed", in_reply_to=thread)
        made.run_for(400)
        assert (replies(made), made.bodies) == ([("Fixed", thread)], [])
        assert not made.job(trigger).attempts
