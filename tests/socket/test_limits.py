"""Each limit is answered with an error, and affects no client but the one that exceeds it."""

from __future__ import annotations

import json
import select
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from comenq_core.listener.queue import JobQueue
from comenq_core.model import Entry
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.unix_socket.intake import UnixIntake
from comenq_plugins.unix_socket.limits import MIB, Limits
from tests.socket.serving import REQUEST, Served, Talker, serving, until

SOON = 1.0
CHUNK = 256 * 1024
"""Bytes that asyncio's transport reads at a time."""


@contextmanager
def _limited(directory: Path, limits: Limits) -> Iterator[Served]:
    with serving(directory / "c.sock", lambda path: UnixIntake(path, limits=limits)) as served:
        yield served


def _has_reply(client: Talker, seconds: float = 0.0) -> bool:
    return bool(select.select([client.socket], [], [], seconds)[0])


def test_request_of_a_mebibyte_is_read(served: Served) -> None:
    """The longest request that is allowed is read as any other."""
    with served.talk() as client:
        client.socket.sendall(b" " * (MIB - 13) + b'{"op":"ping"}\n')
        assert client.reply() == {"outcome": "ok"}


@pytest.mark.parametrize("ending", [b"", b"\n"], ids=["unfinished", "finished"])
def test_longer_request_is_too_large(served: Served, ending: bytes) -> None:
    """A request of one byte more is an error, and nothing after it is read as a request."""
    with served.talk() as client:
        client.send(REQUEST)
        client.socket.sendall(b"x" * (MIB + 1) + ending)
        assert client.reply()["outcome"] == "ok"
        assert client.reply()["code"] == "too_large"
        client.send(REQUEST)
        assert client.is_closed()
    assert len(served.store.pending()) == 1


def test_client_that_sends_on_after_too_large_gets_to_read_why(served: Served) -> None:
    """A client can send much more than is allowed to its end: its pipe does not break."""
    with served.talk() as client:
        client.socket.sendall(b"x" * (8 * MIB))
        client.end()
        assert client.reply()["code"] == "too_large"
        assert client.is_closed()


def test_silent_client_is_told_and_closed(directory: Path) -> None:
    """A client that sends no request in time gets the error ``timeout``."""
    with _limited(directory, Limits(request_seconds=SOON)) as served, served.talk() as client:
        assert client.reply()["code"] == "timeout"
        assert client.is_closed()


def test_each_byte_does_not_restart_the_timeout(directory: Path) -> None:
    """A request that arrives byte by byte has no more time than any other."""
    with _limited(directory, Limits(request_seconds=SOON)) as served, served.talk() as client:
        client.socket.sendall(b"{")
        while not _has_reply(client, SOON / 20):
            client.socket.sendall(b" ")
        assert client.reply()["code"] == "timeout"


def test_each_reply_restarts_the_timeout(directory: Path) -> None:
    """A client that sends one request after another may stay for longer than one may take."""
    with _limited(directory, Limits(request_seconds=SOON * 2)) as served, served.talk() as client:
        for _ in range(10):
            assert not _has_reply(client, SOON / 2)
            assert client.ask({"op": "ping"}) == {"outcome": "ok"}
        assert client.reply()["code"] == "timeout"


def test_time_that_the_daemon_takes_does_not_count(directory: Path) -> None:
    """A request that waits for the disk longer than a client may take is answered all the same."""
    with _limited(directory, Limits(request_seconds=SOON)) as served, served.talk() as client:
        served.store.block()
        client.send(REQUEST)
        assert not _has_reply(client, SOON * 3)
        served.store.release()
        assert client.reply()["outcome"] == "ok"
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def test_time_that_the_daemon_takes_does_not_count_after_a_slow_read_either(
    directory: Path,
) -> None:
    """A client that reads late, and has requests in work, need not send another one in time."""
    timeout = 5 * SOON
    with (
        _limited(directory, Limits(request_seconds=timeout)) as served,
        served.talk() as blocker,
        served.talk() as client,
    ):
        many = [{**REQUEST, "body": "x" * 1_000}] * 240
        served.store.block()
        blocker.send(REQUEST)
        until(lambda: len(served.store.batches) == 1)
        client.send(*many)
        _turn(served, times=len(many) * 2_000 // CHUNK)
        _let_one_batch_through(served)
        client.send(REQUEST, REQUEST)
        _turn(served)
        _let_one_batch_through(served)
        assert {client.reply()["outcome"] for _ in many} == {"ok"}
        assert not _has_reply(client, timeout * 1.5)
        served.store.release()
        assert [client.reply()["outcome"] for _ in range(2)] == ["ok", "ok"]
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def _turn(served: Served, *, times: int = 2) -> None:
    """Let the loop take turns: in each it reads up to `CHUNK` bytes of each client, and replies."""
    for _ in range(times):
        with served.talk() as client:
            assert client.ask({"op": "nonsense"})["code"] == "invalid_request"


def _let_one_batch_through(served: Served) -> None:
    """Release the batch that waits, and wait until the next one does."""
    before = len(served.store.batches)
    served.store.release()
    served.store.block()
    until(lambda: len(served.store.batches) == before + 1)


def test_idlest_client_is_dismissed(directory: Path) -> None:
    """Above the limit, the connection that idles longest gets an error, and the others stay."""
    with _limited(directory, Limits(connections=3)) as served, ExitStack() as stack:
        oldest, *others = [stack.enter_context(served.talk()) for _ in range(3)]
        for client in (*others, oldest, others[0]):
            client.ask({"op": "ping"})
        newcomer = stack.enter_context(served.talk())
        assert newcomer.ask(REQUEST)["outcome"] == "ok"
        assert others[1].reply()["code"] == "busy"
        assert others[1].is_closed()
        assert oldest.ask({"op": "ping"}) == others[0].ask({"op": "ping"}) == {"outcome": "ok"}


def test_new_client_is_dismissed_when_all_others_are_in_work(directory: Path) -> None:
    """A client whose request is in work is never dismissed."""
    with _limited(directory, Limits(connections=2)) as served, ExitStack() as stack:
        working = [stack.enter_context(served.talk()) for _ in range(2)]
        served.store.block()
        for client in working:
            client.send(REQUEST, REQUEST)
        until(served.store.entered.is_set)
        newcomer = stack.enter_context(served.talk())
        assert newcomer.reply()["code"] == "busy"
        served.store.release()
        assert [client.reply()["outcome"] for client in working] == ["ok", "ok"]


def test_idle_clients_block_no_new_client(directory: Path) -> None:
    """Where far more connections than allowed are idle, a new client is served."""
    with _limited(directory, Limits(connections=20)) as served, ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(served.talk())
        with served.talk() as client:
            assert client.ask(REQUEST)["outcome"] == "ok"


def test_client_with_the_longest_unfinished_request_is_dismissed(directory: Path) -> None:
    """Where unfinished requests take too much memory together, the longest one is dismissed."""
    limits = Limits(memory=300_000)
    with _limited(directory, limits) as served, ExitStack() as stack:
        small, large, middling = [stack.enter_context(served.talk()) for _ in range(3)]
        small.socket.sendall(b" " * 70_000)
        large.socket.sendall(b" " * 200_000)
        middling.socket.sendall(b" " * 100_000)
        assert large.reply()["code"] == "busy"
        for client in (small, middling):
            assert client.ask(REQUEST)["outcome"] == "ok"


def test_client_that_does_not_read_is_closed(directory: Path) -> None:
    """A client that does not read its reply in time is closed; others are served meanwhile."""
    limits = Limits(reply_seconds=SOON, request_seconds=DEADLINE * 2)
    with _limited(directory, limits) as served, served.talk() as lazy, served.talk() as other:
        for number in range(1, 31):
            other.ask({**REQUEST, "pr_number": number, "body": "x" * 100_000})
        lazy.send({"op": "list"})
        assert other.ask(REQUEST)["outcome"] == "ok"
        until(lambda: _is_hung_up(lazy))
        assert other.ask(REQUEST)["outcome"] == "ok"


def test_unread_replies_take_no_more_memory_than_requests_may(directory: Path) -> None:
    """Where they take too much together, the clients with the most are closed, others served."""
    limits = Limits(memory=2 * MIB, reply_seconds=DEADLINE * 2, request_seconds=DEADLINE * 2)
    with _limited(directory, limits) as served, ExitStack() as stack:
        other, *lazy = [stack.enter_context(served.talk()) for _ in range(6)]
        for _ in range(12):
            other.ask({**REQUEST, "body": "x" * 100_000})
        for client in lazy:
            client.send({"op": "list"})
        until(lambda: sum(map(_is_hung_up, lazy)) >= 3)
        assert other.ask({"op": "ping"}) == {"outcome": "ok"}


class _Counting(JobQueue):
    """Counts the lists that it is asked for."""

    lists: ClassVar[int] = 0

    def pending(self, limit: int | None = None, **which: Any) -> Sequence[Entry]:
        type(self).lists += 1
        return super().pending(limit, **which)


def test_requests_wait_until_replies_are_read(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that does not read its replies has no more requests carried out."""
    monkeypatch.setattr(_Counting, "lists", 0)
    with (
        serving(
            directory / "c.sock", wrap=lambda queue: _Counting(queue._store, queue._pace)
        ) as served,
        served.talk() as lazy,
        served.talk() as other,
    ):
        for _ in range(4):
            other.ask({**REQUEST, "body": "x" * 200_000})
        lazy.send(*[{"op": "list"}] * 20)
        until(lambda: _Counting.lists)
        for _ in range(5):
            other.ask({"op": "ping"})
        assert _Counting.lists == 1
        assert [len(lazy.reply()["entries"]) for _ in range(20)] == [4] * 20


def test_no_more_is_read_than_is_begun(served: Served) -> None:
    """A client that sends far ahead of its replies is not read any further for the time being."""
    line = json.dumps({**REQUEST, "body": "x" * 60_000}).encode() + b"\n"
    sent = 0
    with served.talk() as client:
        served.store.block()
        client.socket.setblocking(False)
        while sent < 16 * MIB:
            try:
                sent += client.socket.send(line[sent % len(line) :])
            except BlockingIOError:
                _turn(served)
                if not select.select([], [client.socket], [], 0)[1]:
                    break
        served.store.release()
    assert sent < 8 * MIB


def _is_hung_up(client: Talker) -> bool:
    poll = select.poll()
    poll.register(client.socket, select.POLLHUP)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def test_long_replies_wait_until_the_last_one_is_read(served: Served) -> None:
    """A client that asks for many long replies gets them all, one after another."""
    with served.talk() as client:
        client.ask({**REQUEST, "body": "x" * 200_000})
        client.send(*[{"op": "list"}] * 50)
        client.end()
        replies = [client.reply() for _ in range(50)]
        assert client.is_closed()
    assert all(len(reply["entries"]) == 1 for reply in replies)


def test_limits_are_those_that_are_documented() -> None:
    """A request has a mebibyte and five seconds; a client has five seconds to read its reply."""
    limits = Limits()
    assert (limits.request_bytes, limits.request_seconds, limits.reply_seconds) == (MIB, 5.0, 5.0)
    assert limits.request_seconds < DEADLINE
