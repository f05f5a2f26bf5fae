"""What holds a comment is not loosened by any change but a release, whoever makes the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from comenq_core.errors import WrongState
from comenq_core.listener.queue import JobQueue
from comenq_core.model import Change, CommentRequest, Entry, Failed, Job, NewJob, Origin, State
from comenq_core.policy.admission import Policies, Policy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from tests.socket.attempts import ATTEMPT
from tests.test_credentials import GITHUB

AGENT, PERSON = Origin(intake="unix", uid=1001), Origin(intake="unix", uid=1000)
PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
POLICY = Policy(name="agents", users=frozenset({1001}), hold=True)
TEXT = CommentRequest(owner="o", repo="r", pr_number=1, body="text", key="k")
# What holds a comment that arrives, and whose it is.
HOLDS: Mapping[str, tuple[CommentRequest, Origin, bool, bool]] = {
    "a policy": (TEXT, AGENT, False, False),
    "a credential": (replace(TEXT, body=GITHUB), PERSON, False, False),
    "its client": (TEXT, PERSON, True, False),
    "the setting hold_new": (TEXT, PERSON, False, True),
}


class Scene:
    """A queue with one held comment, and its store."""

    def __init__(self, reason: str) -> None:
        request, origin, hold, hold_new = HOLDS[reason]
        self.store = MemoryStore(FakeClock())
        self.queue = JobQueue(
            self.store, PACE, holds=lambda _: hold_new, policies=Policies((POLICY,))
        )
        new_job = NewJob(request=request, origin=origin, hold=hold)
        self.job: Job = self.queue.submit_all([new_job])[0].job

    def change(self, *changes: Change) -> None:
        """Make changes for a person whom no policy names."""
        for change in changes:
            self.queue.change(self.job.id, change, PERSON)

    def change_at_once(self, change: Change) -> None:
        """The same among others."""
        (entry,) = self.queue.change_all([(self.job.id, PERSON)], change)
        assert isinstance(entry, Entry)

    def fail(self) -> None:
        """The forge says that there is no such pull request."""
        self.store.record_target(self.job.id, Failed(reason="no pull request"), ATTEMPT)

    def put(self, body: str, *, is_replacing: bool) -> None:
        """Queue a comment with the same key."""
        request = replace(self.job.asked, body=body)
        self.queue.submit_all([NewJob(request=request, origin=PERSON, replace=is_replacing)])


def _in_turn(*steps: Callable[[Scene], object]) -> Callable[[Scene], None]:
    def make(scene: Scene) -> None:
        for step in steps:
            step(scene)

    return make


def _move(scene: Scene) -> None:
    """To another store, as ``comenqd move`` does."""
    other = MemoryStore(FakeClock())
    other.import_jobs([scene.store.get(scene.job.id)])
    scene.store, scene.queue = other, JobQueue(other, PACE, policies=Policies((POLICY,)))


RETRY, DELETE, UNDELETE = Change.RETRY, Change.CANCEL, Change.UNDELETE
CHANGES: Mapping[str, Callable[[Scene], object]] = {
    "retry": _in_turn(Scene.fail, lambda it: it.change(RETRY)),
    "retry of several": _in_turn(Scene.fail, lambda it: it.change_at_once(RETRY)),
    "not posted": _in_turn(Scene.fail, lambda it: it.queue.resolve(it.job.id, None, PERSON)),
    "retry, fail, retry": _in_turn(
        Scene.fail, lambda it: it.change(RETRY), Scene.fail, lambda it: it.change(RETRY)
    ),
    "undelete": lambda it: it.change(DELETE, UNDELETE),
    "undelete of several": _in_turn(
        lambda it: it.change(DELETE), lambda it: it.change_at_once(UNDELETE)
    ),
    "fail, delete, undelete": _in_turn(Scene.fail, lambda it: it.change(DELETE, UNDELETE)),
    "undelete, delete, undelete": lambda it: it.change(DELETE, UNDELETE, DELETE, UNDELETE),
    "edit": lambda it: it.queue.edit(it.job.id, it.job.asked.body + ".", PERSON),
    "replace": lambda it: it.put(it.job.asked.body + ".", is_replacing=True),
    "put again": lambda it: it.put(it.job.asked.body, is_replacing=False),
    "put again to replace": lambda it: it.put(it.job.asked.body, is_replacing=True),
    "move": _move,
    "fail, move, retry": _in_turn(Scene.fail, _move, lambda it: it.change(RETRY)),
    "delete, move, undelete": _in_turn(
        lambda it: it.change(DELETE), _move, lambda it: it.change(UNDELETE)
    ),
    "flush": lambda it: it.queue.flush(PERSON),
    "resume": lambda it: it.queue.resume(PERSON),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("reason", HOLDS)
def test_what_is_held_stays_held(reason: str, change: Callable[[Scene], object]) -> None:
    """Nobody has released it, so it is held at the end, and no worker can claim it."""
    scene = Scene(reason)
    assert scene.job.state is State.HELD
    change(scene)
    assert scene.queue.show(scene.job.id).job.state is State.HELD
    assert scene.store.claim("bot") is None


@pytest.mark.parametrize("reason", HOLDS)
def test_what_was_released_is_not_held_again_by_a_failure(reason: str) -> None:
    """A person has decided: a retry is another attempt, unless the text has a credential."""
    scene = Scene(reason)
    scene.change(Change.RELEASE)
    scene.fail()
    if reason == "a credential":
        with pytest.raises(WrongState, match="has a GitHub token, and would be posted"):
            scene.change(RETRY)
        return
    scene.change(RETRY)
    assert scene.store.get(scene.job.id).state is State.WAITING


class _Released(MemoryStore):
    """A store in which somebody releases the comment just before it is edited."""

    def edit(self, job: Job, request: CommentRequest, *, hold: bool = False) -> Job:
        """Release it, and edit it."""
        if job.state is State.HELD:
            self.change(job.id, Change.RELEASE)
        return super().edit(job, request, hold=hold)


@pytest.mark.parametrize("is_replacing", [False, True])
@pytest.mark.parametrize("is_held", [False, True])
def test_a_text_with_a_credential_is_never_there_unheld(is_held: bool, is_replacing: bool) -> None:
    """Who releases a comment at this moment has read the earlier text."""
    store = _Released(FakeClock())
    queue = JobQueue(store, PACE)
    (entry,) = queue.submit_all([NewJob(request=TEXT, origin=PERSON, hold=is_held)])
    if is_replacing:
        request = replace(TEXT, body=GITHUB)
        queue.submit_all([NewJob(request=request, origin=AGENT, replace=True)])
    else:
        queue.edit(entry.job.id, GITHUB, AGENT)
    assert (store.get(entry.job.id).state, store.claim("bot")) == (State.HELD, None)
