"""A trigger that is refused, and then reviewed, while the worker dies at any of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import Ending, Follow, Job, Lane, State
from comenq_core.policy.following import ANSWER_LIMIT
from comenq_core.policy.verdicts import ADOPTED
from comenq_core.protocols import FollowKeeper
from comenq_core.testing.forge import Act, Bot
from comenq_plugins.github.poster import GitHubPoster
from comenq_plugins.spool import SpoolStore
from tests.worker.rig import Rig, rig

TRIGGER = "@coderabbitai review"
LIMITED = (
    "> [!WARNING]\n> ## Review limit reached\n>\n> **Next review available in:** **2 minutes**"
)
CLEAN = "**Actionable comments posted: 0**"
WINDOW = timedelta(minutes=2, seconds=30)
OURS = Lane(reviewer="coderabbit", scope="o")

CALLS = {
    SpoolStore: ["claim_outside", "save_follow", "save_lane", "save_pacing", "settle", "conclude"],
    GitHubPoster: ["read_conversation", "post", "find"],
}
COUNT = 60
"""More calls than a scene has; the last of them meet nothing."""


class Failing:
    """Fails one call, before or after it has had its effect.

    Args:
        number: which of the calls, counted from 0.
        after: whether it has had its effect.
        error: what is raised.
        times: how many calls in a row fail.
    """

    def __init__(
        self, number: int, error: type[BaseException], *, after: bool, times: int = 1
    ) -> None:
        self.count = 0
        self._failing = range(number, number + times)
        self._after = after
        self._error = error

    def call(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Call a method, or fail."""
        fails = self.count in self._failing
        self.count += 1
        if fails and not self._after:
            raise self._error("as the test wants")
        answer = method(*given, **named)
        if fails:
            raise self._error("as the test wants")
        return answer

    @contextmanager
    def on(self, *kinds: type) -> Iterator[None]:
        """Count the calls of these."""
        with ExitStack() as stack:
            for kind in kinds:
                for name in CALLS[kind]:
                    stack.enter_context(patch.object(kind, name, self._counted(kind, name)))
            yield

    def _counted(self, kind: type, name: str) -> Callable[..., Any]:
        method = getattr(kind, name)

        def counted(*given: Any, **named: Any) -> Any:
            return self.call(method, *given, **named)

        return counted


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rig]:
    """A rig where CodeRabbit refuses for two minutes, and then reviews."""
    with rig(tmp_path, reviewers=("coderabbit",), cooldown_period_seconds=60.0) as made:
        refused = [Act(after=5, text=LIMITED)]
        reviewed = [Act(after=20, text=CLEAN)]
        bot = Bot(login="coderabbitai[bot]", triggers=[TRIGGER], scenes=[refused, reviewed])
        made.forge.set_bots(bot)
        yield made


def live(made: Rig) -> None:
    """Let the worker live for an hour; one that dies is followed by another."""
    for _ in range(60):
        try:
            made.run_for(60)
        except KeyboardInterrupt:
            made.start()
        except StoreError:
            made.clock.advance(2)


def assert_reviewed_after_two(made: Rig, job: Job) -> None:
    """Two triggers were posted, no sooner than the reviewer has said, and each counts once."""
    posted = [one.created_at for one in made.forge.comments if one.body == TRIGGER]
    assert len(posted) == 2
    assert posted[1] - posted[0] >= WINDOW
    found = made.job(job)
    assert found.state is State.POSTED
    assert found.conclusion
    assert found.conclusion.ending is Ending.REVIEWED
    record = made.store.lanes()[OURS]
    assert (record.triggers, record.refused, record.reviewed) == (2, 1, 1)
    assert isinstance(made.store, FollowKeeper)
    assert made.store.follows() == {}


def test_a_refused_trigger_is_posted_again_and_reviewed(made: Rig) -> None:
    """It waits as long as the reviewer has said, and ends with the review."""
    failing = Failing(COUNT, KeyboardInterrupt, after=False)
    with failing.on(*CALLS):
        job = made.put(TRIGGER)
        live(made)
    assert_reviewed_after_two(made, job)
    assert failing.count < COUNT


@contextmanager
def adoptions() -> Iterator[list[Follow]]:
    """The triggers of others that have begun to be followed."""
    begun: list[Follow] = []
    save = SpoolStore.save_follow

    def saved(store: SpoolStore, job_id: str, follow: Follow | None, *, expect: Any) -> None:
        save(store, job_id, follow, expect=expect)
        if follow and follow.adopted and not expect:
            begun.append(follow)

    with patch.object(SpoolStore, "save_follow", saved):
        yield begun


def adopt(made: Rig, failing: Failing, *kinds: type) -> None:
    """Somebody else's trigger is not answered; ours is posted after it, and reviewed."""
    bot = Bot(
        login="coderabbitai[bot]", triggers=[TRIGGER], scenes=[[], [Act(after=20, text=CLEAN)]]
    )
    made.forge.set_bots(bot)
    theirs = made.forge.add_comment("o", "r", 1, body=TRIGGER, login="ada")
    made.clock.advance(60)
    with adoptions() as begun, failing.on(*kinds):
        job = made.put(TRIGGER)
        live(made)
    found = made.job(job)
    assert len(begun) == 1
    assert [one.comment_id for one in found.attempts if one.outcome == ADOPTED] == [theirs.id]
    posted = [one.created_at for one in made.forge.comments if one.body == TRIGGER]
    assert len(posted) == 2
    assert posted[1] - posted[0] >= ANSWER_LIMIT
    assert found.conclusion
    assert found.conclusion.ending is Ending.REVIEWED
    record = made.store.lanes()[OURS]
    assert (record.triggers, record.refused, record.reviewed) == (1, 0, 1)
    assert made.store.follows() == {}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 4))
def test_a_trigger_of_somebody_elses_is_adopted_once(made: Rig, number: int, after: bool) -> None:
    """Also by a worker that goes on where another has died before it was recorded."""
    adopt(made, Failing(number, KeyboardInterrupt, after=after), *CALLS)


@pytest.mark.full
@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreError])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(COUNT))
def test_no_crash_adopts_a_trigger_twice(
    made: Rig, number: int, after: bool, error: type[BaseException]
) -> None:
    """The same, at every call; and a store that fails."""
    kinds = CALLS if error is KeyboardInterrupt else [SpoolStore]
    adopt(made, Failing(number, error, after=after), *kinds)


def crash(made: Rig, number: int, *, after: bool) -> None:
    """Let the worker die at one of its calls."""
    with Failing(number, KeyboardInterrupt, after=after).on(*CALLS):
        job = made.put(TRIGGER)
        live(made)
    assert_reviewed_after_two(made, job)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(3, COUNT, 9))
def test_a_crash_costs_no_trigger_and_no_answer(made: Rig, number: int, after: bool) -> None:
    """Whichever call the worker dies at, the next one goes on from there."""
    crash(made, number, after=after)


@pytest.mark.full
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(COUNT))
def test_no_crash_costs_a_trigger_or_an_answer(made: Rig, number: int, after: bool) -> None:
    """The same, at every call."""
    crash(made, number, after=after)


@pytest.mark.full
@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(COUNT))
def test_a_store_that_fails_costs_nothing(
    made: Rig,
    number: int,
    after: bool,
    times: int,
) -> None:
    """The worker goes on where it was once the store works."""
    with Failing(number, StoreError, after=after, times=times).on(SpoolStore):
        job = made.put(TRIGGER)
        live(made)
    assert_reviewed_after_two(made, job)
