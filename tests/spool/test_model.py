"""The spool against the store in memory: every operation, in any order, with crashes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from comenq_core.errors import NoSuchJob, PacingConflict, StoreError
from comenq_core.model import (
    Change,
    Checking,
    Counts,
    Done,
    Failed,
    Job,
    NewJob,
    Pacing,
    Pause,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Verdict,
)
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import CANDIDATES
from comenq_core.testing.memory_store import MemoryStore
from comenq_plugins.spool import SpoolStore
from tests.spool.rig import attempt, new_job, open_at

steps = st.sampled_from([-86_400, -3_600, -1, 0, 1, 30, 3_600, 86_400])
delays = st.sampled_from([0, 1, 30, 3_600])
numbers = st.integers(min_value=0, max_value=30)
SHM = "/dev/shm"


@st.composite
def new_jobs(draw: st.DrawFn) -> Callable[[FakeClock], NewJob]:
    """A comment to queue; its time is relative to the clock."""
    body = draw(st.sampled_from("abc"))
    key = draw(st.none() | st.sampled_from("kl"))
    delay = draw(st.none() | steps)
    ahead, if_absent, hold = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())

    def made(clock: FakeClock) -> NewJob:
        when = None if delay is None else clock().wall + timedelta(seconds=delay)
        return new_job(body, key=key, not_before=when, ahead=ahead, if_absent=if_absent, hold=hold)

    return made


class StoreMachine(RuleBasedStateMachine):
    """A listener and a worker on one spool, and the model that does the same."""

    def __init__(self) -> None:
        super().__init__()
        shm = SHM if os.access(SHM, os.W_OK) else None
        self.path = Path(tempfile.mkdtemp(prefix="cq", dir=shm))
        self.clock = FakeClock()
        self.model = MemoryStore(self.clock)
        self.twins: dict[str, str] = {}
        self.order: list[str] = []
        self.claimed: Job | None = None
        self.stack = ExitStack()

    @initialize()
    def start(self) -> None:
        """Begin with an empty spool."""
        self.listener = self.opened()
        self.begin_work()

    def opened(self) -> SpoolStore:
        """The spool, as a new process opens it."""
        return open_at(self.path / "queue", self.clock)

    def begin_work(self) -> None:
        """Become the worker."""
        self.worker = self.opened()
        self.stack.enter_context(self.worker.lock())
        self.stack.enter_context(self.model.lock())

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.stack.close()
        self.worker.close()
        self.listener.close()
        shutil.rmtree(self.path)

    # Comparing

    def twin(self, job: Job) -> Job:
        """A job of the spool, as it has to be in the model."""
        # Only whether a job is due to be checked is the same: recovery sets its own earliest time.
        due = None if job.state is State.CHECKING else job.due
        return replace(job, id=self.twins.get(job.id, job.id), due=due)

    @staticmethod
    def plain(job: Job) -> Job:
        """A job of the model, to be compared with `twin`."""
        return replace(job, due=None) if job.state is State.CHECKING else job

    def both(self, real: Callable[[], Job], model: Callable[[], Job]) -> None:
        """Do the same in both, and assert that the same comes of it."""
        try:
            wanted = model()
        except StoreError as error:
            with pytest.raises(type(error)):
                real()
            return
        assert self.twin(real()) == self.plain(wanted)

    def twin_of(self, model_id: str) -> str:
        """The id in the spool of a job of the model."""
        return next(real for real, model in self.twins.items() if model == model_id)

    def suits(self, job_id: str, bodies: str) -> bool:
        """Whether a job, by its id in the spool, has one of these bodies."""
        return self.listener.get(job_id).asked.body in bodies

    def pick(self, number: int) -> tuple[str, str] | None:
        """A job that there is or was: its id in the spool and in the model."""
        if not self.order:
            return None
        job_id = self.order[number % len(self.order)]
        return job_id, self.twins[job_id]

    # The listener

    @rule(batch=st.lists(new_jobs(), min_size=1, max_size=3))
    def put(self, batch: list[Callable[[FakeClock], NewJob]]) -> None:
        """Queue a batch."""
        made = [one(self.clock) for one in batch]
        try:
            wanted = self.model.put(made)
        except StoreError as error:
            with pytest.raises(type(error)):
                self.listener.put(made)
            return
        for real, model in zip(self.listener.put(made), wanted, strict=True):
            if real.id not in self.twins:
                self.twins[real.id] = model.id
                self.order.append(real.id)
            assert self.twins[real.id] == model.id or real.asked.body == model.asked.body

    @rule(number=numbers, change=st.sampled_from(Change))
    def change(self, number: int, change: Change) -> None:
        """Act as the operator."""
        if ids := self.pick(number):
            self.both(
                lambda: self.listener.change(ids[0], change),
                lambda: self.model.change(ids[1], change),
            )

    @rule(number=numbers, body=st.sampled_from("abc"))
    def edit(self, number: int, body: str) -> None:
        """Give a job another text."""
        if ids := self.pick(number):
            try:
                job = self.model.get(ids[1])
            except NoSuchJob:
                return
            self.both(
                lambda: self.listener.edit(
                    self.listener.get(ids[0]), replace(job.asked, body=body)
                ),
                lambda: self.model.edit(job, replace(job.asked, body=body)),
            )

    @rule(number=numbers)
    def forget(self, number: int) -> None:
        """Erase a text."""
        if ids := self.pick(number):
            self.both(
                lambda: self.listener.forget(ids[0], "so"),
                lambda: self.model.forget(ids[1], "so"),
            )

    @rule(number=numbers)
    def see(self, number: int) -> None:
        """Show a job to a person."""
        if ids := self.pick(number):
            seen = self.model.mark_seen([ids[1]])
            assert [self.twins[one] for one in self.listener.mark_seen([ids[0]])] == list(seen)

    @rule(number=numbers, is_posted=st.booleans())
    def resolve(self, number: int, is_posted: bool) -> None:
        """Say what became of a job."""
        if not (ids := self.pick(number)):
            return
        now = self.clock().wall
        verdict: Done | RetryAt = RetryAt(due=now, reason="so")
        if is_posted:
            verdict = Done(url="https://forge.example/2", comment_id=number)
        elif ids[1] in [job.id for job in self.model.history(limit=999, only_failed=True)]:
            # Its name in the spool does not say any more where it stood.
            return
        made = attempt(self.listener)
        self.both(
            lambda: self.listener.resolve(ids[0], verdict, made),
            lambda: self.model.resolve(ids[1], verdict, made),
        )

    @rule(number=numbers, length=st.integers(min_value=4, max_value=12))
    def get(self, number: int, length: int) -> None:
        """Get a job by its id, or by most of it."""
        if ids := self.pick(number):
            self.both(lambda: self.worker.get(ids[0][:length]), lambda: self.model.get(ids[1]))

    @rule(reason=st.sampled_from(["rest", "test"]))
    def pause(self, reason: str) -> None:
        """Pause the queue."""
        pause = Pause(since=self.clock().wall, reason=reason)
        self.listener.pause(pause)
        self.model.pause(pause)

    @rule()
    def resume(self) -> None:
        """Resume the queue."""
        self.listener.resume()
        self.model.resume()

    @rule()
    def restart_the_listener(self) -> None:
        """Kill the listener; another one comes."""
        self.listener.close()
        self.listener = self.opened()

    # The worker

    @precondition(lambda self: self.claimed is None)
    @rule(bodies=st.sampled_from(["abc", "a", "bc", ""]))
    def claim(self, bodies: str) -> None:
        """Take the next job that suits."""
        wanted = self.model.claim("bot", lambda job: self.suits(self.twin_of(job.id), bodies))
        real = self.worker.claim("bot", lambda job: self.suits(job.id, bodies))
        assert (real is None) == (wanted is None)
        if real and wanted:
            assert self.twin(real) == wanted
            self.claimed = real

    @precondition(lambda self: self.claimed is None)
    @rule(number=numbers)
    def reclaim(self, number: int) -> None:
        """Take a job that is to be checked."""
        checking = sorted(self.worker.checking(), key=lambda job: job.arrived)
        assert {self.twins[job.id] for job in checking} == {j.id for j in self.model.checking()}
        if checking:
            job = checking[number % len(checking)]
            model = self.model.get(self.twins[job.id])
            self.claimed = self.worker.reclaim(job)
            assert self.twin(self.claimed) == self.model.reclaim(model)

    @precondition(lambda self: self.claimed is not None)
    @rule(
        word=st.sampled_from(["done", "skip", "fail", "retry", "requeue", "check", "doubt"]),
        outcome=st.sampled_from(["refused", "unknown", "gone"]),
        delay=delays,
    )
    def settle(self, word: str, outcome: str, delay: int) -> None:
        """Settle the claimed job."""
        assert self.claimed
        self.clock.advance(1)
        when = self.clock().wall + timedelta(seconds=delay)
        verdicts: dict[str, Verdict] = {
            "done": Done(url="https://forge.example/1", comment_id=len(self.order)),
            "skip": Done(reason="closed"),
            "fail": Failed(reason="locked"),
            "retry": RetryAt(due=when, reason="502"),
            "requeue": Requeued(reason="throttled"),
            "check": Checking(check_at=when, reason="timeout"),
            "doubt": Unconfirmed(reason="alike", candidates=CANDIDATES),
        }
        made = replace(attempt(self.worker), counted=delay > 0, outcome=outcome)
        self.worker.settle(self.claimed, verdicts[word], made)
        self.model.settle(self.model.get(self.twins[self.claimed.id]), verdicts[word], made)
        self.claimed = None

    @rule()
    def restart_the_worker(self) -> None:
        """Kill the worker, with a job or without; another one comes."""
        self.stack.close()
        self.worker.close()
        self.claimed = None
        self.begin_work()

    @rule(account=st.sampled_from("xy"), backoff=delays, stale=st.booleans())
    def save_pacing(self, account: str, backoff: int, stale: bool) -> None:
        """Save a pacing record, expecting the last one or not."""
        record = Pacing(
            account=account, at=self.clock(), backoff=float(backoff), rejected_credential="token"
        )
        expect = None if stale else self.model.pacing().get(account)
        try:
            self.model.save_pacing(record, expect=expect)
        except PacingConflict:
            if self.model.pacing()[account] != record:
                with pytest.raises(PacingConflict):
                    self.worker.save_pacing(record, expect=expect)
            return
        self.worker.save_pacing(record, expect=expect)

    @rule()
    def housekeep(self) -> None:
        """Housekeeping changes nothing that users see."""
        assert not self.worker.housekeep()

    # Time

    @rule(seconds=delays)
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    @rule(seconds=steps)
    def set_the_clock(self, seconds: int) -> None:
        """Set the clock, forward or back."""
        self.clock.set_wall(self.clock().wall + timedelta(seconds=seconds))

    @rule()
    def reboot(self) -> None:
        """Reboot the machine; only its clock is modelled here."""
        self.clock.reboot()

    # What always holds

    @invariant()
    def all_is_the_same(self) -> None:
        """Listener, worker and model see the same queue."""
        for store in (self.listener, self.worker):
            self.same_jobs(store)
            assert store.counts() == self.model.counts()
            assert store.next_due() == self.model.next_due()
            assert dict(store.pacing()) == dict(self.model.pacing())
            assert store.paused() == self.model.paused()

    def same_jobs(self, store: SpoolStore) -> None:
        """Assert that every job is the same, and the order too."""
        real = [self.twin(job) for job in store.pending()]
        model = [self.plain(job) for job in self.model.pending()]
        assert waiting(real) == waiting(model)
        assert unordered(real) == unordered(model)
        past = [self.twin(job) for job in store.history(limit=99)]
        assert unordered(past) == unordered(list(self.model.history(limit=99)))
        for job in store.pending():
            if job.state is State.WAITING:
                twin = self.model.get(self.twins[job.id])
                assert store.position(job) == self.model.position(twin)
        deferred = [self.twins[job.id] for job in store.deferred()]
        assert sorted(deferred) == sorted(job.id for job in self.model.deferred())
        for job_id in self.order[:3]:
            self.same_comments(store, job_id)

    def same_comments(self, store: SpoolStore, job_id: str) -> None:
        """Assert that a job's neighbours have the same comments."""
        try:
            job, twin = store.get(job_id), self.model.get(self.twins[job_id])
        except NoSuchJob:
            return
        assert set(store.comment_ids(job)) == set(self.model.comment_ids(twin))

    @invariant()
    def the_counts_add_up(self) -> None:
        """Every job that is not deleted is in one place."""
        counts: Counts = self.listener.counts()
        pending = counts.waiting + counts.posting + counts.unconfirmed + counts.held
        total = pending + counts.posted + counts.failed
        over = [job for job in self.listener.history(limit=999) if job.state is not State.DELETED]
        known = [*self.listener.pending(), *over]
        assert total == len(known) == len({job.id for job in known})


def waiting(jobs: list[Job]) -> list[str]:
    """The queue."""
    return [job.id for job in jobs if job.state is State.WAITING]


def unordered(jobs: list[Job]) -> list[Job]:
    """Jobs in an order that does not depend on the store."""
    return sorted(jobs, key=lambda job: job.id)


TestStore = StoreMachine.TestCase
