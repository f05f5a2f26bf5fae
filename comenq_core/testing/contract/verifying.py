"""The contract of what verifies targets: stores that record it, posters that ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import (
    Change,
    Failed,
    Fault,
    Refused,
    Requeued,
    State,
    Throttled,
    Unauthorized,
    Verified,
)
from comenq_core.model.transitions import VERIFIABLE, VERIFIED
from comenq_core.protocols import Poster, Store, TargetRecorder, TargetVerifier
from comenq_core.testing.contract.forge import (
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
from comenq_core.testing.contract.harness import (
    Harness,
    attempt,
    claim_all,
    ids,
    new_job,
    put,
    put_in_state,
)

__all__ = ["RecordingContract", "VerifyingContract"]

THERE = Requeued(reason="")


def recorder(store: Store) -> TargetRecorder:
    """The store, if it can record what the forge says of a target."""
    if not isinstance(store, TargetRecorder):
        pytest.skip("the store is no TargetRecorder")
    return store


class RecordingContract(Harness):
    """`TargetRecorder`, of the stores that have this ability."""

    def test_a_verified_job_keeps_its_place(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """The jobs are claimed in their order, and every process finds what was recorded."""
        first, second, third = put(store, "a", "b", "c")
        said = attempt(store, outcome=VERIFIED, counted=False)
        found = recorder(store).record_target(second.id, THERE, said)
        assert found == reopen().get(second.id)
        assert (found.state, found.attempts, found.reason) == (State.WAITING, (said,), "")
        assert claim_all(store) == ids([first, second, third])

    def test_a_job_for_later_is_for_later_still(self, store: Store) -> None:
        """Its time stays as it was."""
        due = store.now().wall + timedelta(days=1)
        (job,) = store.put([new_job("a", not_before=due)])
        found = recorder(store).record_target(job.id, THERE, attempt(store, outcome=VERIFIED))
        assert (store.get(job.id), found.due) == (found, due)
        assert claim_all(store) == []

    def test_a_held_job_is_held_still(self, store: Store) -> None:
        """It can be released as before."""
        job = put_in_state(store, State.HELD)
        recorder(store).record_target(job.id, THERE, attempt(store, outcome=VERIFIED))
        assert store.get(job.id).state is State.HELD
        store.change(job.id, Change.RELEASE)
        assert claim_all(store) == [job.id]

    @pytest.mark.parametrize("state", VERIFIABLE)
    def test_a_job_whose_target_is_not_there_fails(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """It is a failed job like others, and can be retried."""
        job = put_in_state(store, state)
        said = attempt(store, outcome="refused", counted=False)
        found = recorder(store).record_target(job.id, Failed(reason="no such number"), said)
        assert found == reopen().get(job.id)
        assert (found.state, found.reason) == (State.FAILED, "no such number")
        assert found.settled == said.ended
        assert list(store.pending()) == []
        assert store.change(job.id, Change.RETRY).state is state
        assert reopen().get(job.id).state is state

    @pytest.mark.parametrize("state", [state for state in State if state not in VERIFIABLE])
    def test_nothing_is_recorded_of_another_job(self, store: Store, state: State) -> None:
        """What a worker has, or what is over, stays as it is."""
        job = put_in_state(store, state)
        with pytest.raises(WrongState):
            recorder(store).record_target(job.id, THERE, attempt(store))
        assert store.get(job.id) == job

    def test_a_job_that_is_gone_is_an_error(self, store: Store) -> None:
        """Somebody may have deleted it meanwhile."""
        with pytest.raises(NoSuchJob):
            recorder(store).record_target("000000000000", THERE, attempt(store))


def verifier(poster: Poster) -> TargetVerifier:
    """The poster, if it can verify a target."""
    if not isinstance(poster, TargetVerifier):
        pytest.skip("the poster is no TargetVerifier")
    return poster


class VerifyingContract(PosterHarness):
    """`TargetVerifier`, of the posters that have this ability."""

    @pytest.mark.parametrize(
        "situation",
        [situation for situation in Situation if situation is not Situation.REFUSED],
        ids=lambda one: one.name,
    )
    def test_a_target_that_is_there_is_never_called_missing(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """Nothing is posted, and no trouble of the forge's reads as a wrong number."""
        forge.enter(situation, "Try something else.")
        poster = make_poster(TOKEN, SHORT if situation in UNANSWERED else SECONDS)
        answer = returned(partial(verifier(poster).verify_target, a_job().asked))
        missing = {Fault.PULL_REQUEST, Fault.COMMENT}
        assert not (isinstance(answer, Refused) and answer.fault in missing)
        assert forge.comments() == []
        kinds = {
            Situation.WORKING: Verified,
            Situation.CLOSED: Verified,
            Situation.THROTTLED: Throttled,
            Situation.UNAUTHORIZED: Unauthorized,
        }
        assert isinstance(answer, kinds.get(situation, object))

    @pytest.mark.parametrize("situation", UNANSWERED, ids=lambda one: one.name)
    def test_a_verification_keeps_its_time_limit(
        self, forge: Forge, make_poster: MakePoster, situation: Situation
    ) -> None:
        """It gives up when its own time is over."""
        verifier(make_poster(TOKEN, SHORT))
        forge.enter(situation, "")

        def ask(poster: Poster) -> object:
            return verifier(poster).verify_target(a_job().asked)

        assert keeps_time_limit(forge, make_poster, ask)
