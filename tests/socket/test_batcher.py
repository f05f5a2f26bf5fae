"""Requests that wait at the same time share a batch, and nothing else."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from math import nan
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, NoReturn

import pytest

from comenq_core.errors import ComenqError, QueueRefused, StoreError, WrongState
from comenq_core.listener.queue import JobQueue
from comenq_core.model import Change, Entry, NewJob, Origin
from comenq_core.wire.messages import read_operation
from comenq_plugins.unix_socket.batcher import BATCH_BYTES, BATCH_LIMIT, Batcher
from comenq_plugins.unix_socket.command import Command
from tests.socket.serving import REQUEST, Served, serving, until

SOMEBODY = Origin(intake="unix")
PUT = read_operation(json.dumps(REQUEST).encode())


def test_no_reply_before_the_job_is_durable(served: Served) -> None:
    """While the store is still writing, there is nothing to read."""
    with served.talk() as client:
        served.store.block()
        client.send(REQUEST)
        until(served.store.entered.is_set)
        client.socket.settimeout(0)
        with pytest.raises(BlockingIOError):
            client.socket.recv(1)
        client.socket.settimeout(30)
        served.store.release()
        assert client.reply()["outcome"] == "ok"


def test_waiting_clients_share_a_batch(served: Served) -> None:
    """All comments that arrive while a batch is made durable are in the next one."""
    with ExitStack() as stack:
        clients = [stack.enter_context(served.talk()) for _ in range(11)]
        served.store.block()
        clients[0].send(REQUEST)
        until(served.store.entered.is_set)
        for client in clients[1:]:
            client.send(REQUEST)
        # One more round trip of the loop than their connections: all are read by then.
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        assert {client.reply()["outcome"] for client in clients} == {"ok"}
    assert served.store.batches == [1, 10]


def test_one_connection_fills_a_batch(served: Served) -> None:
    """Requests that are sent ahead of their replies share a batch."""
    with served.talk() as client:
        served.store.block()
        client.send(REQUEST)
        until(served.store.entered.is_set)
        client.send(*[REQUEST] * 100)
        client.end()
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        assert [client.reply()["outcome"] for _ in range(101)] == ["ok"] * 101
    assert served.store.batches == [1, 100]


class _Recording(JobQueue):
    """Records what it is asked for."""

    asked: ClassVar[list[str]] = []

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        self.asked.append("put")
        return super().submit_all(new_jobs)

    def pending(self, limit: int | None = None, **which: Any) -> Sequence[Entry]:
        self.asked.append("list")
        return super().pending(limit, **which)


def _recording(queue: JobQueue) -> JobQueue:
    return _Recording(queue._store, queue._pace)


def test_comment_waits_for_one_list_at_most(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many clients ask for lists, a comment that comes after them is queued soon."""
    monkeypatch.setattr(_Recording, "asked", [])
    with serving(directory / "c.sock", wrap=_recording) as served, ExitStack() as stack:
        first, *listers, second = [stack.enter_context(served.talk()) for _ in range(12)]
        served.store.block()
        first.send(REQUEST)
        until(served.store.entered.is_set)
        for lister in listers:
            lister.send({"op": "list"})
        second.send(REQUEST)
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        assert {client.reply()["outcome"] for client in (first, *listers, second)} == {"ok"}
    assert _Recording.asked == ["put", "list", "put", *["list"] * 9]


def test_list_shows_what_its_own_connection_has_put_before(served: Served) -> None:
    """Requests of one connection are carried out in their order, whatever others ask for."""
    with served.talk() as other, served.talk() as client:
        served.store.block()
        other.send(REQUEST, {"op": "list"})
        until(served.store.entered.is_set)
        other.send({"op": "list"})
        client.send({**REQUEST, "body": "mine"}, {"op": "list"}, {**REQUEST, "body": "too late"})
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        _, listed, _ = client.reply(), client.reply(), client.reply()
    bodies = [entry["body"] for entry in listed["entries"]]
    assert bodies == [REQUEST["body"], "mine"]


def test_list_waits_for_a_comment_of_its_own_connection(served: Served) -> None:
    """A list is not carried out before a comment that the same client has sent before it."""
    with served.talk() as other, served.talk() as client:
        served.store.block()
        other.send(REQUEST)
        until(served.store.entered.is_set)
        client.send({**REQUEST, "body": "mine"}, {"op": "list"})
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        _, listed = client.reply(), client.reply()
    assert [entry["body"] for entry in listed["entries"]] == [REQUEST["body"], "mine"]


class _RecordingChanges(JobQueue):
    """Records which jobs are changed together."""

    changed: ClassVar[list[list[str]]] = []

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Entry | ComenqError]:
        self.changed.append([prefix for prefix, _ in wanted])
        return super().change_all(wanted, change)


def test_changes_that_are_sent_ahead_share_a_batch(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are made durable together; each has its own reply, also where it is an error."""
    monkeypatch.setattr(_RecordingChanges, "changed", [])
    recording = partial(serving, wrap=lambda queue: _RecordingChanges(queue._store, queue._pace))
    with recording(directory / "c.sock") as served, served.talk() as client:
        words = [client.ask(REQUEST)["entry"]["id"], "zzzz"] * 2
        served.store.block()
        served.store.entered.clear()
        client.send(REQUEST, *({"op": "hold", "id": word} for word in words))
        until(served.store.entered.is_set)
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        _, *replies = [client.reply() for _ in range(5)]
    codes = [reply.get("code") for reply in replies]
    assert codes == [None, "no_such_job", "wrong_state", "no_such_job"]
    assert _RecordingChanges.changed == [words]


def test_changes_that_fail_are_not_acknowledged(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the store fails, each client is told so."""

    def change_all(_job_ids: Sequence[str], _change: Change) -> NoReturn:
        raise StoreError("the disk is broken")

    with served.talk() as client:
        job = client.ask(REQUEST)["entry"]["id"]
        monkeypatch.setattr(served.store, "change_all", change_all)
        assert client.ask({"op": "hold", "id": job})["code"] == "store_failed"


REFUSALS = {
    "full": QueueRefused("queue_full", "no room"),
    "taken": WrongState("the key belongs to another job"),
    "broken": StoreError("the disk is broken"),
    "odd": RuntimeError("a defect"),
}


class _Refusing(JobQueue):
    """Refuses comments whose body is a key of `REFUSALS`."""

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        for new_job in new_jobs:
            if new_job.request.body in REFUSALS:
                raise REFUSALS[new_job.request.body]
        return super().submit_all(new_jobs)


def _refusing(queue: JobQueue) -> JobQueue:
    return _Refusing(queue._store, queue._pace)


@pytest.mark.parametrize(
    ("body", "code"), [("full", "queue_full"), ("taken", "wrong_state"), ("odd", "internal")]
)
def test_only_the_comments_at_fault_are_refused(directory: Path, body: str, code: str) -> None:
    """One comment that is refused fails no other of its batch; the connection stays open."""
    with serving(directory / "c.sock", wrap=_refusing) as served, served.talk() as client:
        served.store.block()
        client.send(REQUEST)
        until(served.store.entered.is_set)
        bad = {**REQUEST, "body": body}
        client.send(REQUEST, bad, REQUEST, bad, REQUEST)
        served.store.release()
        replies = [client.reply() for _ in range(6)]
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}
    assert [reply.get("code") for reply in replies] == [None, None, code, None, code, None]
    assert len(served.store.pending()) == 4


def test_failed_batch_is_not_tried_again_one_by_one(directory: Path) -> None:
    """Where the store failed, all of the batch get the error at once; the connection stays open."""
    asked: list[int] = []

    class Failing(_Refusing):
        def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
            asked.append(len(new_jobs))
            return super().submit_all(new_jobs)

    failing = partial(serving, wrap=lambda queue: Failing(queue._store, queue._pace))
    with failing(directory / "c.sock") as served, served.talk() as client:
        served.store.block()
        client.send(REQUEST)
        until(served.store.entered.is_set)
        client.send(REQUEST, {**REQUEST, "body": "broken"}, REQUEST)
        with served.talk() as last:
            last.socket.sendall(b"nonsense\n")
            last.reply()
        served.store.release()
        codes = [client.reply().get("code") for _ in range(4)]
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}
    assert codes == [None, "store_failed", "store_failed", "store_failed"]
    assert asked == [1, 3]


def test_defect_is_reported_without_its_details(directory: Path) -> None:
    """An unexpected exception's text goes to the log, not to the client."""
    with serving(directory / "c.sock", wrap=_refusing) as served, served.talk() as client:
        message = client.ask({**REQUEST, "body": "odd"})["message"]
    assert "a defect" not in message


class _Unencodable(JobQueue):
    """Shows what no reply can have."""

    def show(self, prefix: str) -> Entry:
        return replace(super().show(prefix), eta_seconds=nan)


def test_result_that_cannot_be_encoded_is_an_error(directory: Path) -> None:
    """The client gets a reply whatever a plugin has returned, and the connection stays open."""
    unencodable = partial(serving, wrap=lambda queue: _Unencodable(queue._store, queue._pace))
    with unencodable(directory / "c.sock") as served, served.talk() as client:
        job = client.ask(REQUEST)["entry"]["id"]
        assert client.ask({"op": "show", "id": job})["code"] == "internal"
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def test_many_clients_at_once_lose_nothing(served: Served) -> None:
    """Of 64 clients with a connection for each comment, every acknowledged comment is queued."""
    start = threading.Barrier(64)

    def enqueue(client: int) -> list[str]:
        start.wait()
        ids = []
        for number in range(1, 6):
            with served.talk() as talker:
                talker.send({**REQUEST, "pr_number": number, "body": f"by {client}"})
                talker.end()
                ids.append(talker.reply()["entry"]["id"])
        return ids

    with ThreadPoolExecutor(64) as executor:
        acknowledged = [job for ids in executor.map(enqueue, range(64)) for job in ids]
    assert len(acknowledged) == 320
    assert {job.id for job in served.store.pending()} == set(acknowledged)


def test_clients_that_close_early_affect_no_other(served: Served) -> None:
    """Comments of clients that close before their replies are queued; the next client is served."""
    for number in range(1, 51):
        with served.talk() as client:
            client.send({**REQUEST, "pr_number": number})
    with served.talk() as client:
        assert client.ask(REQUEST)["outcome"] == "ok"
    until(lambda: len(served.store.pending()) == 51)


def test_half_a_request_is_dropped(served: Served) -> None:
    """Half a request, then a closed connection, queues nothing."""
    with served.talk() as client:
        client.socket.sendall(b'{"owner":')
    with served.talk() as client:
        assert client.ask({"op": "list"})["entries"] == []


class Batch(NamedTuple):
    """A batch that was run: how many comments it has, and how many had arrived by then."""

    size: int
    arrived: int


class SynchronousExecutor(Executor):
    """Runs what it is given before it returns."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Run it now."""
        done: Future[Any] = Future()
        done.set_result(work(*given, **named))
        return done


def batches_of(
    *arrivals: int, size: int = 0, on_reply: Callable[[], None] = lambda: None
) -> list[Batch]:
    """The batches that are run when so many comments arrive in each turn of the loop."""
    batches: list[Batch] = []
    arrived = 0

    def execute(commands: Sequence[Command]) -> list[bytes]:
        batches.append(Batch(len(commands), arrived))
        return [b""] * len(commands)

    async def play() -> None:
        nonlocal arrived
        batcher = Batcher(SynchronousExecutor(), execute)
        for count in (*arrivals, 0, 0, 0, 0):
            arrived += count
            for _ in range(count):
                batcher.submit(
                    Command(operation=PUT, origin=SOMEBODY, size=size, on_reply=on_reply)
                )
            await asyncio.sleep(0)

    asyncio.run(play())
    return batches


def test_batch_gathers_as_long_as_comments_arrive() -> None:
    """A batch is run once a turn of the loop brings no more comments."""
    assert batches_of(2, 1, 3) == [Batch(6, arrived=6)]


def test_lone_comment_waits_for_no_other() -> None:
    """Where there is no other client, a batch of one is run at once."""
    assert batches_of(1, 1)[0] == Batch(1, arrived=1)


def test_full_batch_is_run_though_more_arrive() -> None:
    """A batch has at most its limit of comments."""
    assert batches_of(BATCH_LIMIT, 1)[0] == Batch(BATCH_LIMIT, arrived=BATCH_LIMIT)


def test_large_comments_share_small_batches() -> None:
    """A batch has as many as fit into its bytes, and one that fits into none is alone."""
    assert [batch.size for batch in batches_of(5, size=BATCH_BYTES // 2)] == [2, 2, 1]
    assert [batch.size for batch in batches_of(2, size=2 * BATCH_BYTES)] == [1, 1]


def test_connection_that_raises_stops_no_other_batch() -> None:
    """An exception in one connection is reported to the loop, and the next batch is run."""

    def fail() -> None:
        raise RuntimeError("a defect")

    assert batches_of(1, 0, 0, 1, on_reply=fail) == [Batch(1, arrived=1), Batch(1, arrived=2)]
