"""The contract of a store: how comments come in, and in which order they go out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.listener.queue import JobQueue
from comenq_core.model import PENDING, Change, Counts, Done, State
from comenq_core.policy.pacing import PacingPolicy
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
    """Put, get and the line."""

    def test_put_returns_the_jobs_in_the_order_given(self, store: Store) -> None:
        """Each submission has its job at its own place in the answer."""
        asked = [new_job(f"comment {number}") for number in range(5)]
        assert [job.request for job in store.put(asked)] == [one.request for one in asked]

    def test_a_new_job_waits_and_knows_its_origin(self, store: Store) -> None:
        """A job has its arrival by the store's clock, who handed it in, and nothing tried."""
        (job,) = put(store, "Hi")
        known = (job.state, job.arrived, job.origin, job.due, job.attempts, job.interruptions)
        assert known == (State.WAITING, store.now().wall, ALICE, None, (), 0)

    def test_what_is_put_is_there_when_the_store_is_opened_again(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """All that is acknowledged is found by another process."""
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
        """Whatever a comment says, the job that is handed out says the same."""
        jobs = store.put([new_job(text) for text in texts])
        assert [store.get(job.id).asked.body for job in jobs] == texts

    def test_the_line_is_first_in_first_out(self, store: Store) -> None:
        """Jobs are claimed in the order in which they came."""
        assert claim_all(store) == []
        jobs = put(store, "first", "second", "third")
        assert claim_all(store) == ids(jobs)

    def test_the_jobs_of_a_batch_keep_their_order(self, store: Store) -> None:
        """A batch stands in the line as it was given."""
        jobs = store.put([new_job(f"comment {number}") for number in range(20)])
        assert claim_all(store) == ids(jobs)

    def test_a_clock_that_is_set_back_changes_no_order(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock
    ) -> None:
        """Who comes later stands behind, whatever time it is said to be."""
        (first,) = put(store, "first")
        clock.set_wall(clock().wall - timedelta(hours=1))
        (second,) = put(reopen(), "second")
        assert claim_all(store) == [first.id, second.id]

    def test_a_comment_put_ahead_is_the_first(self, store: Store) -> None:
        """It goes to the head of the line, also ahead of one that went there before."""
        first, second = put(store, "first", "second")
        (early,) = store.put([new_job("early", ahead=True)])
        (earlier,) = store.put([new_job("earlier", ahead=True)])
        assert claim_all(store) == ids([earlier, early, first, second])

    def test_a_job_is_not_claimed_before_its_time(self, store: Store, clock: FakeClock) -> None:
        """Not before means not before, and from then on at any time."""
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
        """A time in the past is no obstacle."""
        (job,) = store.put([new_job(not_before=clock().wall - timedelta(days=1))])
        assert claim_all(store) == [job.id]

    def test_a_job_that_is_not_due_holds_up_no_other(self, store: Store, clock: FakeClock) -> None:
        """Later ones pass it; once it is due, it stands where it arrived."""
        (later,) = store.put([new_job(not_before=clock().wall + timedelta(seconds=60))])
        (first,) = put(store, "first")
        assert claim_all(store) == [first.id]
        (second,) = put(store, "second")
        clock.advance(60)
        assert claim_all(store) == [later.id, second.id]

    def test_jobs_that_are_due_stand_in_the_order_of_their_arrival(
        self, store: Store, clock: FakeClock
    ) -> None:
        """Who has waited longest goes first, whoever was due first."""
        times = [clock().wall + timedelta(seconds=seconds) for seconds in (120, 60)]
        jobs = store.put([new_job(str(when), not_before=when) for when in times])
        clock.advance(180)
        assert claim_all(store) == ids(jobs)

    def test_next_due_is_the_first_time_to_come(self, store: Store, clock: FakeClock) -> None:
        """A worker with nothing to do is told until when; held jobs do not count."""
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
        """A client that is not sure whether its request arrived may send it again."""
        once, twice = store.put([new_job(key="k"), new_job(key="k")])
        (again,) = reopen().put([new_job(key="k")])
        (other,) = store.put([new_job(key="other")])
        assert once == twice == again
        assert other.id != once.id
        assert len(store.pending()) == 2

    def test_the_same_key_gives_the_same_job_when_it_is_over(self, store: Store) -> None:
        """A posted comment is not posted again."""
        (job,) = store.put([new_job(key="k")])
        posted = attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        assert list(store.put([new_job(key="k")])) == [posted]
        assert posted.id == job.id

    def test_the_id_of_a_keyed_job_comes_from_its_key(self, store: Store) -> None:
        """Two machines that queue the same key mean the same job."""
        (job,) = store.put([new_job(key="k")])
        store.change(job.id, Change.CANCEL)
        assert store.put([new_job(key="k")])[0].id == job.id

    def test_a_key_belongs_to_one_comment(self, store: Store) -> None:
        """Another comment with that key is refused, with its whole batch."""
        store.put([new_job("one", key="k")])
        with pytest.raises(WrongState):
            store.put([new_job("before"), new_job("other", key="k")])
        assert len(store.pending()) == 1

    def test_a_key_is_taken_once_by_clients_at_once(self, store: Store) -> None:
        """Of several threads that queue the same key, all get the one job."""
        with ThreadPoolExecutor(8) as threads:
            jobs = list(threads.map(lambda _: store.put([new_job(key="k")])[0], range(16)))
        assert len({job.id for job in jobs}) == len(store.pending()) == 1

    def test_clients_at_once_lose_nothing(self, store: Store) -> None:
        """Each of several threads has what it put."""
        with ThreadPoolExecutor(8) as threads:
            jobs = list(threads.map(lambda number: put(store, f"c {number}")[0], range(32)))
        assert sorted(ids(store.pending())) == sorted(ids(jobs))

    @pytest.mark.parametrize("state", PENDING)
    def test_if_absent_returns_the_pending_job_that_says_the_same(
        self, store: Store, state: State
    ) -> None:
        """The same comment on the same pull request is not queued a second time."""
        job = put_in_state(store, state)
        (same,) = store.put([new_job(job.asked.body, if_absent=True)])
        (other,) = store.put([new_job("something else", if_absent=True)])
        assert same == job
        assert len(store.pending()) == 2
        assert other.id != job.id

    def test_if_absent_looks_into_its_own_batch(self, store: Store) -> None:
        """Two equal comments of one batch are one."""
        once, twice = store.put([new_job(if_absent=True), new_job(if_absent=True)])
        assert once == twice

    def test_if_absent_queues_again_what_is_over(self, store: Store) -> None:
        """A comment that was posted may be wanted once more."""
        job = put_in_state(store, State.POSTED)
        (again,) = store.put([new_job(job.asked.body, if_absent=True)])
        assert again.id != job.id

    @pytest.mark.parametrize("state", list(State))
    def test_a_job_is_found_by_the_beginning_of_its_id(self, store: Store, state: State) -> None:
        """In whatever state it is, its id or an unambiguous beginning will do."""
        job = put_in_state(store, state)
        assert job.state is state
        assert [store.get(job.id[:length]) for length in (1, 6, 12)] == [job] * 3

    def test_a_job_that_is_not_there_is_not_found(self, store: Store) -> None:
        """No job is an error, never the wrong one."""
        (job,) = put(store, "Hi")
        store.change(job.id, Change.CANCEL)
        with pytest.raises(NoSuchJob):
            store.get(job.id)

    def test_an_ambiguous_beginning_is_an_error(self, store: Store) -> None:
        """33 ids begin with at most 32 letters, so two begin alike."""
        jobs = store.put([new_job(str(number)) for number in range(33)])
        firsts = [job.id[0] for job in jobs]
        shared = next(letter for letter in firsts if firsts.count(letter) > 1)
        with pytest.raises(NoSuchJob):
            store.get(shared)

    def test_a_position_counts_the_jobs_before(self, store: Store, clock: FakeClock) -> None:
        """Held jobs are not in the line, and jobs that are not due come after those that are."""
        (later,) = store.put([new_job(not_before=clock().wall + timedelta(seconds=60))])
        first, held, second = put(store, "first", "held", "second")
        store.change(held.id, Change.HOLD)
        assert [store.position(job) for job in (first, second, later)] == [0, 1, 2]
        clock.advance(60)
        assert [store.position(job) for job in (later, first, second)] == [0, 1, 2]

    def test_pending_jobs_are_listed_in_their_order(self, store: Store) -> None:
        """Being posted, in doubt, waiting in line, held; what is over is not listed."""
        put_in_state(store, State.POSTED)
        held = put_in_state(store, State.HELD)
        checking = put_in_state(store, State.CHECKING)
        posting = put_in_state(store, State.POSTING)
        first, second = put(store, "first", "second")
        assert list(store.pending()) == [posting, checking, first, second, held]
        assert list(store.pending(limit=3)) == [posting, checking, first]

    def test_pending_jobs_are_listed_in_parts(self, store: Store) -> None:
        """The first few may be left out, so that a long line can be read in several pages."""
        held = put_in_state(store, State.HELD)
        jobs = put(store, "first", "second", "third")
        assert list(store.pending(offset=1)) == [*jobs[1:], held]
        assert list(store.pending(offset=1, limit=2)) == jobs[1:]
        assert list(store.pending(offset=4)) == []

    @pytest.mark.parametrize("state", PENDING)
    def test_pending_jobs_are_listed_by_their_state(self, store: Store, state: State) -> None:
        """Those in other states are left out, and not counted by the offset either."""
        for other in sorted(PENDING, key=lambda one: one is State.POSTING):
            put_in_state(store, other)
        (job,) = [job for job in store.pending() if job.state is state]
        assert list(store.pending(states=[state])) == [job]
        assert list(store.pending(states=[state], offset=1)) == []

    def test_the_jobs_of_one_repository_are_found_in_their_places(self, store: Store) -> None:
        """Jobs for other repositories are passed over, whatever they say."""
        asked = [new_job("wanted.js"), new_job(), new_job("held")]
        request = replace(asked[1].request, owner="OctoCat", repo="Wanted.js")
        jobs = store.put([asked[0], replace(asked[1], request=request), asked[2]])
        store.change(jobs[2].id, Change.HOLD)
        queue = JobQueue(store, PacingPolicy(cooldown=900, jitter=0, attempt_limit=30))
        found = queue.pending_in("octocat/WANTED.js", 9)
        assert [entry and (entry.job, entry.position) for entry in found] == [
            None, (jobs[1], 1), None
        ]  # fmt: skip
        (entry,) = queue.pending_in("octocat/wanted.js", 1, offset=1)
        assert entry == found[1]
        assert list(queue.pending_in("octocat/wanted.js", 9, states=[State.HELD])) == [None]

    def test_a_store_tells_whether_it_has_a_worker(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """While one works, any process learns so, unless the store cannot know."""
        assert not store.health().working
        with reopen().lock():
            assert store.health().working is not False
        assert not store.health().working

    def test_what_waits_takes_room(self, store: Store) -> None:
        """A store that can be full says of how many comments there is room, and one less later."""
        before = [one.remaining for one in store.health().capacity if one.resource == "comments"]
        put(store, "Hi")
        after = [one.remaining for one in store.health().capacity if one.resource == "comments"]
        assert after == [left - 1 for left in before]

    def test_jobs_are_counted_where_they_stand(self, store: Store) -> None:
        """Each state has its count; in doubt is being posted, and skipped is over."""
        for state in sorted(State, key=lambda state: state is State.POSTING):
            put_in_state(store, state)
        counts = Counts(waiting=1, posting=2, held=1, posted=2, failed=1)
        assert store.counts() == counts
