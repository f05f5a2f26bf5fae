"""Operations that change what others have queued, by whom the settings permit them."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from comenq_core.listener.queue import JobQueue
from comenq_core.model import Change, CommentRequest, Origin, RetryAt, State, Unconfirmed
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.wire.messages import Operation
from comenq_plugins.unix_socket.command import Command
from comenq_plugins.unix_socket.handlers import Handlers
from comenq_plugins.unix_socket.permissions import Permissions
from tests.socket.attempts import ATTEMPT

ALICE, BOB = (Origin(intake="unix", uid=uid) for uid in (1001, 1002))


@pytest.fixture
def store() -> MemoryStore:
    """A store with one unconfirmed job, which is Alice's."""
    made = MemoryStore(FakeClock())
    queue = JobQueue(made, PacingPolicy(cooldown=900, jitter=0, attempt_limit=30))
    queue.submit(CommentRequest(owner="o", repo="r", pr_number=1, body="text"), ALICE)
    job = made.claim("bot")
    assert job is not None
    made.settle(job, Unconfirmed(reason="it is like it"), ATTEMPT)
    return made


def ask(
    store: MemoryStore,
    manage: str,
    by: Origin,
    op: str,
    *,
    request: CommentRequest | None = None,
    **members: Any,
) -> dict[str, Any]:
    """The reply to an operation."""
    queue = JobQueue(store, PacingPolicy(cooldown=900, jitter=0, attempt_limit=30))
    handlers = Handlers(queue, Permissions(manage, frozenset()))
    operation = Operation(op=op, request=request, members=members)
    command = Command(operation=operation, origin=by, size=1, on_reply=lambda: None)
    (line,) = handlers.execute([command])
    reply: dict[str, Any] = json.loads(line)
    return reply


@pytest.mark.parametrize(
    ("manage", "by", "is_permitted"),
    [
        ("group", BOB, True),
        ("owner", ALICE, True),
        ("owner", BOB, False),
        ("nobody", ALICE, False),
    ],
)
def test_a_job_is_resolved_by_who_may_change_it(
    store: MemoryStore, manage: str, by: Origin, is_permitted: bool
) -> None:
    """Whether a comment is posted is said by the same users who may retry or delete its job."""
    (job,) = store.pending()
    reply = ask(store, manage, by, "resolve", id=job.id[:6])
    assert reply.get("code") == (None if is_permitted else "not_permitted")
    assert store.get(job.id).state == (State.WAITING if is_permitted else State.UNCONFIRMED)


@pytest.mark.parametrize(
    ("manage", "by", "is_permitted"), [("owner", ALICE, True), ("owner", BOB, False)]
)
def test_a_text_is_erased_by_who_may_delete_it(
    store: MemoryStore, manage: str, by: Origin, is_permitted: bool
) -> None:
    """The same users may erase a text who may delete its job, and the reply does not repeat it."""
    (job,) = store.pending()
    reply = ask(store, manage, by, "forget", id=job.id[:6])
    assert reply.get("code") == (None if is_permitted else "not_permitted")
    assert "body" not in reply.get("entry", {})
    assert len(store.pending()) == (0 if is_permitted else 1)


@pytest.mark.parametrize(
    ("manage", "by", "is_permitted"), [("owner", ALICE, True), ("owner", BOB, False)]
)
def test_a_text_is_edited_by_who_may_delete_it(
    store: MemoryStore, manage: str, by: Origin, is_permitted: bool
) -> None:
    """The reply does not repeat the new text, which the client has."""
    (old,) = store.pending()
    store.resolve(old.id, RetryAt(due=store.now().wall, reason="so"), ATTEMPT)
    reply = ask(store, manage, by, "edit", id=old.id[:6], body="new")
    assert reply.get("code") == (None if is_permitted else "not_permitted")
    assert "body" not in reply.get("entry", {})
    assert store.get(old.id).asked.body == ("new" if is_permitted else "text")


def test_an_edit_of_another_text_is_refused(store: MemoryStore) -> None:
    """A client says which text was edited, so that nobody's work is overwritten."""
    (old,) = store.pending()
    store.resolve(old.id, RetryAt(due=store.now().wall, reason="so"), ATTEMPT)
    refused, done = (
        ask(store, "group", BOB, "edit", id=old.id, body="new", was=sha256(was).hexdigest())
        for was in (b"other", b"text")
    )
    assert (refused["code"], done["outcome"]) == ("wrong_state", "ok")


@pytest.mark.parametrize(("op", "state"), [("release", "waiting"), ("del", "deleted")])
def test_what_nobody_has_read_is_not_released(store: MemoryStore, op: str, state: str) -> None:
    """A client says which text a person has read, and no other one is released or deleted."""
    (job,) = store.pending()
    store.resolve(job.id, RetryAt(due=store.now().wall, reason="so"), ATTEMPT)
    store.change(job.id, Change.HOLD)
    refused = ask(store, "group", BOB, op, id=job.id, was=sha256(b"other").hexdigest())
    assert (refused["code"], store.get(job.id).state) == ("wrong_state", State.HELD)
    assert "was changed since it was read" in refused["message"]
    for by in (BOB, ALICE):
        reply = ask(store, "owner", by, op, id=job.id[:6], was=sha256(b"text").hexdigest())
        assert reply.get("code") == ("not_permitted" if by is BOB else None)
    assert reply["entry"]["state"] == state


@pytest.mark.parametrize(("manage", "is_permitted"), [("group", True), ("owner", False)])
def test_back_offs_are_ended_by_who_may_pause(
    store: MemoryStore, manage: str, is_permitted: bool
) -> None:
    """A flush concerns everybody's comments, as a pause does."""
    for op in ("flush", "pause", "resume"):
        members: dict[str, Any] = {"reason": "so"} if op == "pause" else {}
        reply = ask(store, manage, ALICE, op, **members)
        assert reply.get("code") == (None if is_permitted else "not_permitted")


@pytest.mark.parametrize(("by", "is_permitted"), [(ALICE, True), (BOB, False)])
def test_a_comment_is_replaced_by_who_may_change_it(
    store: MemoryStore, by: Origin, is_permitted: bool
) -> None:
    """To know a job's key is not enough."""
    ask(store, "owner", ALICE, "put", request=keyed("one"))
    reply = ask(store, "owner", by, "put", request=keyed("two"), replace=True)
    assert reply.get("code") == (None if is_permitted else "not_permitted")
    (job,) = store.pending(states=[State.WAITING])
    assert job.asked.body == ("two" if is_permitted else "one")


def keyed(body: str) -> CommentRequest:
    """A comment with the key ``k``."""
    return CommentRequest(owner="o", repo="r", pr_number=1, body=body, key="k")
