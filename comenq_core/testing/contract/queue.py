"""The contract of a store: how comments enter the queue, and in which order they leave it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comenq_core.errors import WrongState
from comenq_core.model import PENDING, Change, Done, State
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    ALICE,
    Harness,
    attempt_and_settle,
    claim_all,
    ids,
    new_job,
    put,
    put_in_state,
)
from comenq_core.testing.strategies import bodies


class QueueContract(Harness):
    """`JobWriter.put`, and the order of `JobWorker.claim`."""

    def test_put_returns_the_jobs_in_the_order_given(self, store: Store) -> None:
        """The jobs come in the order of the requests."""
        new_jobs = [new_job(f"comment {number}") for number in range(5)]
        assert [job.request for job in store.put(new_jobs)] == [one.request for one in new_jobs]

    def test_a_new_job_waits_and_knows_its_origin(self, store: Store) -> None:
        """A new job has its time of arrival, its origin, and no attempts."""
        (job,) = put(store, "Hi")
        known = (job.state, job.arrived, job.origin, job.due, job.attempts, job.interruptions)
        assert known == (State.WAITING, store.now().wall, ALICE, None, (), 0)

    def test_what_is_put_is_there_when_the_store_is_opened_again(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Another process finds all jobs that `put` has returned."""
        jobs = put(store, "first", "second")
        assert list(reopen().pending()) == jobs

    @settings(
        deadline=None,
        max_examples=20,
        # Each store's tests inherit this one, so that several classes run it.
        suppress_health_check=[
            HealthCheck.differing_executors,
            HealthCheck.function_scoped_fixture,
        ],
    )
    @given(texts=st.lists(bodies(), min_size=1, max_size=5))
    def test_bodies_are_kept_byte_for_byte(self, store: Store, texts: list[str]) -> None:
        """A job's body is the request's body, whatever characters it has."""
        jobs = store.put([new_job(text) for text in texts])
        assert [store.get(job.id).asked.body for job in jobs] == texts

    def test_the_queue_is_first_in_first_out(self, store: Store) -> None:
        """Jobs are claimed in the order in which they came."""
        assert claim_all(store) == []
        jobs = put(store, "first", "second", "third")
        assert claim_all(store) == ids(jobs)

    def test_the_jobs_of_a_batch_keep_their_order(self, store: Store) -> None:
        """The jobs of one `put` are claimed in the order in which they were given."""
        jobs = store.put([new_job(f"comment {number}") for number in range(20)])
        assert claim_all(store) == ids(jobs)

    def test_a_clock_that_is_set_back_changes_no_order(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock
    ) -> None:
        """A later job is claimed later, even if the clock was set back in between."""
        (first,) = put(store, "first")
        clock.set_wall(clock().wall - timedelta(hours=1))
        (second,) = put(reopen(), "second")
        assert claim_all(store) == [first.id, second.id]

    def test_a_comment_put_ahead_is_the_first(self, store: Store) -> None:
        """It is 1st in queue, also before one that was put ahead earlier."""
        first, second = put(store, "first", "second")
        (early,) = store.put([new_job("early", ahead=True)])
        (earlier,) = store.put([new_job("earlier", ahead=True)])
        assert claim_all(store) == ids([earlier, early, first, second])

    def test_a_comment_put_to_be_held_waits_for_its_release(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """It is held from the start in every process, and has the place of its arrival then."""
        (first,) = put(store, "first")
        (held,) = store.put([new_job("held", hold=True)])
        (third,) = put(store, "third")
        assert reopen().get(held.id) == held
        assert (held.state, claim_all(store)) == (State.HELD, ids([first, third]))
        (fourth,) = put(store, "fourth")
        store.change(held.id, Change.RELEASE)
        assert claim_all(store) == ids([held, fourth])

    def test_a_held_comment_is_known_by_its_key(self, store: Store) -> None:
        """To put it again with its key, held or not, gives the job that is held."""
        (held,) = store.put([new_job(key="k", hold=True)])
        assert list(store.put([new_job(key="k")])) == [held]
        assert list(store.put([new_job(if_absent=True, hold=True)])) == [held]

    def test_the_latest_time_of_a_comment_is_kept(self, store: Store, clock: FakeClock) -> None:
        """A job's `not_after` is the request's; it is for the worker to look at."""
        latest = clock().wall - timedelta(seconds=1)
        (job,) = store.put([new_job(not_after=latest)])
        assert (store.get(job.id).asked.not_after, claim_all(store)) == (latest, [job.id])

    def test_a_job_is_not_claimed_before_its_time(self, store: Store, clock: FakeClock) -> None:
        """With `not_before`, a job is claimed from that instant on, and no earlier."""
        due = clock().wall + timedelta(seconds=60)
        (job,) = store.put([new_job(not_before=due, ahead=True)])
        assert (job.due, claim_all(store)) == (due, [])
        clock.advance(59)
        assert claim_all(store) == []
        clock.advance(1)
        assert claim_all(store) == [job.id]

    def test_a_job_whose_time_has_passed_waits_for_nothing(
        self, store: Store, clock: FakeClock
    ) -> None:
        """A `not_before` in the past changes nothing."""
        (job,) = store.put([new_job(not_before=clock().wall - timedelta(days=1))])
        assert claim_all(store) == [job.id]

    def test_a_job_that_is_not_due_delays_no_other(self, store: Store, clock: FakeClock) -> None:
        """Later jobs pass it; once it is due, it has the place of its arrival."""
        (later,) = store.put([new_job(not_before=clock().wall + timedelta(seconds=60))])
        (first,) = put(store, "first")
        assert claim_all(store) == [first.id]
        (second,) = put(store, "second")
        clock.advance(60)
        assert claim_all(store) == [later.id, second.id]

    def test_jobs_that_are_due_stand_in_the_order_of_their_arrival(
        self, store: Store, clock: FakeClock
    ) -> None:
        """Of two jobs that are due, the one that arrived first is claimed first."""
        times = [clock().wall + timedelta(seconds=seconds) for seconds in (120, 60)]
        jobs = store.put([new_job(str(when), not_before=when) for when in times])
        clock.advance(180)
        assert claim_all(store) == ids(jobs)

    def test_next_due_is_the_first_time_to_come(self, store: Store, clock: FakeClock) -> None:
        """It is when the next waiting job will be due; held jobs do not count."""
        now = clock().wall
        put(store, "at once")
        assert store.next_due() is None
        times = [now + timedelta(seconds=seconds) for seconds in (300, 120, 60)]
        jobs = store.put([new_job(str(when), not_before=when) for when in times])
        assert store.next_due() == times[2]
        store.change(jobs[2].id, Change.HOLD)
        assert store.next_due() == times[1]
        clock.advance(120)
        assert store.next_due() == times[0]

    def test_the_same_key_gives_the_same_job(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """A request that is sent again with its key queues nothing new."""
        once, twice = store.put([new_job(key="k"), new_job(key="k")])
        (again,) = reopen().put([new_job(key="k")])
        (other,) = store.put([new_job(key="other")])
        assert once == twice == again
        assert other.id != once.id
        assert len(store.pending()) == 2

    def test_the_same_key_gives_the_same_job_when_it_is_settled(self, store: Store) -> None:
        """A comment that was posted is not queued again under its key."""
        (job,) = store.put([new_job(key="k")])
        posted = attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        assert list(store.put([new_job(key="k")])) == [posted]
        assert posted.id == job.id

    def test_the_id_of_a_keyed_job_comes_from_its_key(self, store: Store) -> None:
        """The same key gives the same id, also after the first job was cancelled."""
        (job,) = store.put([new_job(key="k")])
        store.change(job.id, Change.CANCEL)
        assert store.put([new_job(key="k")])[0].id == job.id

    def test_a_key_belongs_to_one_comment(self, store: Store) -> None:
        """Another comment with the same key is an error, and its batch queues nothing."""
        store.put([new_job("one", key="k")])
        with pytest.raises(WrongState):
            store.put([new_job("before"), new_job("other", key="k")])
        assert len(store.pending()) == 1

    def test_concurrent_requests_with_one_key_queue_one_job(self, store: Store) -> None:
        """Several threads that put the same key at once all get the same job."""
        with ThreadPoolExecutor(8) as threads:
            jobs = list(threads.map(lambda _: store.put([new_job(key="k")])[0], range(16)))
        assert len({job.id for job in jobs}) == len(store.pending()) == 1

    def test_concurrent_requests_are_all_queued(self, store: Store) -> None:
        """What several threads put at once is all pending."""
        with ThreadPoolExecutor(8) as threads:
            jobs = list(threads.map(lambda number: put(store, f"c {number}")[0], range(32)))
        assert sorted(ids(store.pending())) == sorted(ids(jobs))

    @pytest.mark.parametrize("state", PENDING)
    def test_if_absent_returns_the_pending_job_with_the_same_comment(
        self, store: Store, state: State
    ) -> None:
        """The same comment on the same pull request is not queued twice; another one is."""
        job = put_in_state(store, state)
        (same,) = store.put([new_job(job.asked.body, if_absent=True)])
        (other,) = store.put([new_job("something else", if_absent=True)])
        assert same == job
        assert len(store.pending()) == 2
        assert other.id != job.id

    def test_if_absent_tells_threads_apart(self, store: Store) -> None:
        """The same words in another thread, or in none, are another comment."""
        new_jobs = [new_job("Fixed", if_absent=True, in_reply_to=to) for to in (7, 8, None)]
        queued = store.put(new_jobs)
        assert len(set(ids(queued))) == len(new_jobs)
        assert [job.asked.in_reply_to for job in store.pending()] == [7, 8, None]
        assert list(store.put(new_jobs)) == list(queued)

    def test_if_absent_looks_into_its_own_batch(self, store: Store) -> None:
        """Two equal comments in one batch become one job."""
        once, twice = store.put([new_job(if_absent=True), new_job(if_absent=True)])
        assert once == twice

    def test_if_absent_queues_again_what_is_settled(self, store: Store) -> None:
        """A settled job does not keep the same comment from being queued."""
        job = put_in_state(store, State.POSTED)
        (again,) = store.put([new_job(job.asked.body, if_absent=True)])
        assert again.id != job.id
