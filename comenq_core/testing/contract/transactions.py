"""The contract of a store that is `Transactional`: several changes that are durable at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from comenq_core.errors import PacingConflict
from comenq_core.model import Done, Job, Pacing, State
from comenq_core.protocols import Store, Transactional
from comenq_core.testing.contract.harness import ACCOUNT, Harness, attempt, claim, put

__all__ = ["TransactionContract"]

POSTED = Done(url="https://forge.example/1", comment_id=1)


class _LeftTheBlock(Exception):
    """Raised in a transaction."""


def transactional(store: Store) -> Transactional:
    """The store, if it has transactions."""
    if not isinstance(store, Transactional):
        pytest.skip("the store is not Transactional")
    return store


class TransactionContract(Harness):
    """`Transactional`, of the stores that have this ability."""

    def test_a_transaction_is_durable_at_its_end(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """No other process sees a part of it before, and each sees all of it afterwards."""
        transactions, other = transactional(store), reopen()
        (job,) = put(store, "Hi")
        with store.lock():
            with transactions.transaction():
                record = _announced(store, claim(store))
                assert (other.get(job.id), dict(other.pacing())) == (job, {})
            assert other.get(job.id).state is State.POSTING
            assert dict(other.pacing()) == {ACCOUNT: record}

    def test_a_transaction_that_an_error_leaves_has_changed_nothing(self, store: Store) -> None:
        """The job waits as before, the record is what it was, and both can be used again."""
        transactions = transactional(store)
        (job,) = put(store, "Hi")
        with store.lock():
            with suppress(_LeftTheBlock), transactions.transaction():
                _announced(store, claim(store))
                raise _LeftTheBlock
            assert (store.get(job.id), dict(store.pacing())) == (job, {})
            assert list(store.checking()) == []
            with transactions.transaction():
                _announced(store, claim(store))
            assert store.get(job.id).state is State.POSTING

    def test_an_error_that_is_caught_in_a_transaction_undoes_nothing(self, store: Store) -> None:
        """What became of the job is recorded even if the record of the pace has changed."""
        transactions = transactional(store)
        put(store, "Hi")
        with store.lock():
            job = claim(store)
            record = _announced(store, job)
            with transactions.transaction():
                store.settle(job, POSTED, attempt(store))
                with pytest.raises(PacingConflict):
                    store.save_pacing(Pacing(account=ACCOUNT, at=store.now()), expect=None)
        assert store.get(job.id).state is State.POSTED
        assert dict(store.pacing()) == {ACCOUNT: record}


def _announced(store: Store, job: Job) -> Pacing:
    record = Pacing(account=ACCOUNT, at=store.now(), max_remaining=5.0, job=job.id)
    store.save_pacing(record, expect=None)
    return record
