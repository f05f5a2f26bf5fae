"""The contract of a store: what it knows of jobs that are over, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comenq_core.errors import WrongState
from comenq_core.model import Done, Failed, Job, RetryAt, State, Verdict
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    Harness,
    attempt,
    claim,
    ids,
    new_job,
    put,
    put_in_state,
)

__all__ = [
    "DAY",
    "HISTORY_DAYS",
    "KEYED",
    "KEY_DAYS",
    "RememberingContract",
    "housekeep",
    "let_pass",
    "settle",
]

DAY = 86_400.0
HISTORY_DAYS = 30
KEY_DAYS = 400
KEYED: list[Verdict] = [
    Done(url="https://forge.example/1", comment_id=1),
    Done(url="https://forge.example/1", comment_id="IC_1"),
    Done(reason="the pull request is closed"),
    Failed(reason="the conversation is locked"),
]


class RememberingContract(Harness):
    """`JobReader.comment_ids`, and the keys of `JobWriter.put`, whatever the clock does.

    The store under test has the settings' defaults: ``history_days`` is 30 and ``key_days`` 400.
    """

    def test_the_comments_of_other_jobs_are_known(self, store: Store) -> None:
        """They are those on the same pull request, in upper or lower case; not the job's own."""
        targets = ("octocat/hello#7", "OctoCat/Hello#7", "octocat/hello#70", "octocat/hell#7")
        posted = [post(store, target, number) for number, target in enumerate(targets)]
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == {0, 1}
        assert set(store.comment_ids(posted[1])) == {0}
        assert set(store.comment_ids(posted[3])) == set()

    def test_comments_are_known_by_whatever_id_they_have(self, store: Store) -> None:
        """An id is a number or a text, as the forge gave it."""
        post(store, "octocat/hello#7", 7)
        post(store, "octocat/hello#7", "7")
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == {7, "7"}

    def test_a_comment_that_an_attempt_found_is_known(self, store: Store) -> None:
        """A job that failed after it had a comment still has that comment."""
        put(store, "Hi")
        with store.lock():
            made = replace(attempt(store), comment_id=5)
            store.settle(claim(store), Failed(reason="so"), made)
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == {5}

    def test_skipped_and_failed_jobs_have_no_comment(self, store: Store) -> None:
        """They add nothing to what is known."""
        for state in (State.SKIPPED, State.FAILED, State.CHECKING, State.UNCONFIRMED):
            put_in_state(store, state)
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == set()

    def test_comments_are_known_among_many_failed_jobs(self, store: Store) -> None:
        """However much else is in the history, no comment is forgotten."""
        post(store, "octocat/hello#7", 1)
        jobs = store.put([new_job(str(number)) for number in range(60)])
        with store.lock():
            for _ in jobs:
                store.settle(claim(store), Failed(reason="no"), attempt(store, outcome="refused"))
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == {1}

    @pytest.mark.parametrize("step", [-400, 400])
    def test_comments_are_known_after_the_clock_was_set(
        self, store: Store, clock: FakeClock, step: int
    ) -> None:
        """Neither direction makes the store forget one."""
        post(store, "octocat/hello#7", 1)
        clock.set_wall(clock().wall + timedelta(days=step))
        housekeep(store)
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == {1}

    def test_a_comment_outlives_the_history(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock
    ) -> None:
        """After `history_days`, a comment is still another job's, also for another process."""
        post(store, "OctoCat/hello#7", 1)
        post(store, "octocat/other#7", 2)
        let_pass(store, clock, HISTORY_DAYS + 1)
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == set(reopen().comment_ids(job)) == {1}

    @pytest.mark.parametrize("verdict", KEYED)
    def test_a_key_outlives_the_history(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock, verdict: Verdict
    ) -> None:
        """After `history_days`, the same key still gives the job, and what became of it."""
        settled = settle(store, "k", verdict)
        let_pass(store, clock, HISTORY_DAYS + 1)
        for one in (store, reopen()):
            (job,) = one.put([new_job("Hi", key="k")])
            assert (job.id, job.request, job.state) == (settled.id, settled.request, settled.state)
            assert (job.url, job.comment_id) == (settled.url, settled.comment_id)
            assert (job.settled, job.reason) == (settled.settled, settled.reason)
        assert list(store.pending()) == []

    def test_a_remembered_key_belongs_to_one_comment(self, store: Store, clock: FakeClock) -> None:
        """Another comment with it is an error, and its batch queues nothing."""
        settle(store, "k", KEYED[0])
        let_pass(store, clock, HISTORY_DAYS + 1)
        with pytest.raises(WrongState):
            store.put([new_job("before"), new_job("other", key="k")])
        assert list(store.pending()) == []

    def test_a_key_is_remembered_for_its_days(self, store: Store, clock: FakeClock) -> None:
        """A day before `key_days` are over, the same key queues nothing."""
        settle(store, "k", KEYED[0])
        for _ in range(3):
            let_pass(store, clock, (KEY_DAYS - 1) / 3 - 2)
        (job,) = store.put([new_job("Hi", key="k")])
        assert (job.state, job.comment_id) == (State.POSTED, 1)

    def test_a_wrong_clock_deletes_nothing(self, store: Store, clock: FakeClock) -> None:
        """What is in the history stays there while the clock is ahead for some hours."""
        jobs = [put_in_state(store, state) for state in (State.POSTED, State.FAILED)]
        right = clock().wall
        housekeep(store)
        clock.set_wall(right + timedelta(days=4_000))
        for _ in range(5):
            clock.advance(2 * 3_600)
            housekeep(store)
        clock.set_wall(right)
        housekeep(store)
        assert set(ids(store.history(limit=9))) == set(ids(jobs))

    def test_a_clock_that_the_forge_contradicts_deletes_nothing(
        self, store: Store, clock: FakeClock
    ) -> None:
        """What is in the history stays there for as long as the forge's time is another one."""
        jobs = [put_in_state(store, state) for state in (State.POSTED, State.FAILED)]
        right = clock().wall
        clock.set_wall(right + timedelta(days=4_000))
        for days in range(5):
            housekeep(store, right + timedelta(days=days))
            clock.advance(DAY)
        clock.reboot()
        housekeep(store, right)
        assert set(ids(store.history(limit=9))) == set(ids(jobs))

    def test_a_restart_deletes_nothing_until_the_forge_has_told_the_time(
        self, store: Store, clock: FakeClock
    ) -> None:
        """A machine that boots with a wrong clock forgets nothing."""
        jobs = [put_in_state(store, state) for state in (State.POSTED, State.FAILED)]
        housekeep(store)
        clock.reboot()
        clock.set_wall(clock().wall + timedelta(days=4_000))
        housekeep(store)
        clock.advance(3_600)
        housekeep(store)
        assert set(ids(store.history(limit=9))) == set(ids(jobs))


def post(store: Store, target: str, comment_id: int | str) -> Job:
    """Queue a comment there, and post it as this one."""
    store.put([new_job(target=target, ahead=True)])
    with store.lock():
        verdict = Done(url=f"https://forge.example/{comment_id}", comment_id=comment_id)
        job = claim(store)
        store.settle(job, verdict, attempt(store, outcome="posted"))
    return job


def settle(store: Store, key: str, verdict: Verdict) -> Job:
    """Queue a comment with a key, and settle it, at the second attempt."""
    (job,) = store.put([new_job("Hi", key=key)])
    with store.lock():
        for each in (RetryAt(due=store.now().wall, reason="502"), verdict):
            store.settle(claim(store), each, attempt(store, outcome="refused"))
    return store.get(job.id)


def let_pass(store: Store, clock: FakeClock, days: float) -> None:
    """Let so many days pass, and two more for two readings of the clock."""
    clock.advance(days * DAY)
    for _ in range(2):
        housekeep(store)
        clock.advance(DAY)
    housekeep(store)


def housekeep(store: Store, forge_time: datetime | None = None) -> None:
    """Be a worker that does all housekeeping that is due."""
    with store.lock():
        while store.housekeep(forge_time):
            continue
