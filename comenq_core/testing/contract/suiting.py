"""The contract of a store: which of the jobs that are due an account claims."""

from __future__ import annotations

from datetime import timedelta

from comenq_core.model import Done, Job, Requeued, State
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    ACCOUNT,
    Harness,
    attempt,
    attempt_and_settle,
    claim_all,
    ids,
    new_job,
    put,
)

__all__ = ["SuitingContract"]


class SuitingContract(Harness):
    """`JobWorker.claim` with its ``suits``."""

    def test_the_first_job_that_suits_is_claimed(self, store: Store) -> None:
        """A job that does not suit stays where it is, and delays no other."""
        targets = ("o/one#1", "o/two#1", "o/two#2", "o/one#2")
        jobs = store.put([new_job(target=target) for target in targets])
        with store.lock():
            for wanted in (jobs[1], jobs[2]):
                job = store.claim(ACCOUNT, lambda job: job.asked.repo == "two")
                assert job is not None
                assert (job.id, job.state, job.asked) == (wanted.id, State.POSTING, wanted.asked)
                store.settle(job, Done(url="https://forge.example/1", comment_id=1), attempt(store))
            assert store.claim(ACCOUNT, lambda job: job.asked.repo == "two") is None
            assert list(store.pending()) == [jobs[0], jobs[3]]
        assert claim_all(store) == ids([jobs[0], jobs[3]])

    def test_whether_a_job_suits_is_asked_of_the_job_as_it_is(self, store: Store) -> None:
        """It is told the job's id, target, account and attempts, however often it is asked."""
        (new,) = store.put([new_job(account="bot", target="O/R#9")])
        requeued = attempt_and_settle(store, Requeued(reason="no access"))
        asked: list[Job] = []

        def suits(job: Job) -> bool:
            asked.append(job)
            return False

        with store.lock():
            for _ in range(2):
                assert store.claim(ACCOUNT, suits) is None
        told = [(job.id, job.asked.target, job.asked.account, job.attempts) for job in asked]
        assert told == [(new.id, "O/R#9", "bot", requeued.attempts)] * 2

    def test_a_job_that_is_not_due_suits_nobody(self, store: Store, clock: FakeClock) -> None:
        """Whether it suits is asked of jobs that are due, in the order of the queue."""
        store.put([new_job(not_before=clock().wall + timedelta(seconds=60))])
        jobs = put(store, "a", "b")
        asked: list[Job] = []

        def suits(job: Job) -> bool:
            asked.append(job)
            return False

        with store.lock():
            assert store.claim(ACCOUNT, suits) is None
        assert ids(asked) == ids(jobs)
