"""Each limit is answered with an error, and harms nobody but the client that met it."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.unix_socket.intake import UnixIntake
from comenq_plugins.unix_socket.limits import MIB, Limits
from comenq_plugins.unix_socket.transport import CHUNK
from tests.socket.serving import REQUEST, Served, Talker, serving, until

SOON = 0.5


@contextmanager
def _limited(directory: Path, limits: Limits) -> Iterator[Served]:
    with serving(directory / "c.sock", lambda path: UnixIntake(path, limits=limits)) as served:
        yield served


def _has_reply(client: Talker, seconds: float = 0.0) -> bool:
    return bool(select.select([client.socket], [], [], seconds)[0])


def test_request_of_a_mebibyte_is_read(served: Served) -> None:
    """The longest request that is allowed is judged by what it says, not by its length."""
    with served.talk() as client:
        client.socket.sendall(b" " * (MIB - 13) + b'{"op":"ping"}\n')
        assert client.reply() == {"outcome": "ok"}


@pytest.mark.parametrize("ending", [b"", b"\n"], ids=["unfinished", "finished"])
def test_longer_request_is_too_large(served: Served, ending: bytes) -> None:
    """One byte more is refused, and nothing after it is read as a request."""
    with served.talk() as client:
        client.send(REQUEST)
        client.socket.sendall(b"x" * (MIB + 1) + ending)
        assert client.reply()["outcome"] == "ok"
        assert client.reply()["code"] == "too_large"
        client.send(REQUEST)
        assert client.is_closed()
    assert len(served.store.pending()) == 1


def test_client_that_sends_on_after_too_large_gets_to_read_why(served: Served) -> None:
    """Much more than is allowed can be sent to its end: the pipe does not break under it."""
    with served.talk() as client:
        client.socket.sendall(b"x" * (8 * MIB))
        client.end()
        assert client.reply()["code"] == "too_large"
        assert client.is_closed()


def test_silent_client_is_told_and_closed(directory: Path) -> None:
    """Who sends no request in time gets the error timeout."""
    with _limited(directory, Limits(request_seconds=SOON)) as served, served.talk() as client:
        assert client.reply()["code"] == "timeout"
        assert client.is_closed()


def test_byte_by_byte_is_no_way_to_stay(directory: Path) -> None:
    """A request that trickles in does not begin the time anew with each byte."""
    with _limited(directory, Limits(request_seconds=SOON)) as served, served.talk() as client:
        client.socket.sendall(b"{")
        while not _has_reply(client, SOON / 20):
            client.socket.sendall(b" ")
        assert client.reply()["code"] == "timeout"


def test_time_begins_anew_with_each_reply(directory: Path) -> None:
    """A client that asks again and again may stay for longer than one request may take."""
    with _limited(directory, Limits(request_seconds=SOON * 2)) as served, served.talk() as client:
        for _ in range(10):
            assert not _has_reply(client, SOON / 2)
            assert client.ask({"op": "ping"}) == {"outcome": "ok"}
        assert client.reply()["code"] == "timeout"


def test_time_that_the_daemon_takes_does_not_count(directory: Path) -> None:
    """A request that waits for the disk longer than a client may take is answered all the same."""
    with _limited(directory, Limits(request_seconds=SOON)) as served, served.talk() as client:
        served.store.acceptor.clear()
        client.send(REQUEST)
        assert not _has_reply(client, SOON * 3)
        served.store.acceptor.set()
        assert client.reply()["outcome"] == "ok"
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def test_time_that_the_daemon_takes_does_not_count_after_a_slow_read_either(
    directory: Path,
) -> None:
    """Who reads late has the replies to what is still in work coming, and owes no request."""
    patience = 5 * SOON
    with (
        _limited(directory, Limits(request_seconds=patience)) as served,
        served.talk() as blocker,
        served.talk() as client,
    ):
        many = [{**REQUEST, "body": "x" * 1_000}] * 240
        served.store.acceptor.clear()
        blocker.send(REQUEST)
        until(lambda: len(served.store.batches) == 1)
        client.send(*many)
        _turn(served, times=len(many) * 2_000 // CHUNK)
        _let_one_batch_through(served)
        client.send(REQUEST, REQUEST)
        _turn(served)
        _let_one_batch_through(served)
        assert {client.reply()["outcome"] for _ in many} == {"ok"}
        assert not _has_reply(client, patience * 1.5)
        served.store.acceptor.set()
        assert [client.reply()["outcome"] for _ in range(2)] == ["ok", "ok"]
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def _turn(served: Served, *, times: int = 2) -> None:
    """Let the loop go round: in each turn it reads `CHUNK` bytes of each client's, and answers."""
    for _ in range(times):
        with served.talk() as client:
            assert client.ask({"op": "nonsense"})["code"] == "invalid_request"


def _let_one_batch_through(served: Served) -> None:
    """Whoever waits at the gate passes, and the next batch comes to it."""
    before = len(served.store.batches)
    served.store.acceptor.set()
    served.store.acceptor.clear()
    until(lambda: len(served.store.batches) == before + 1)


def test_idlest_client_makes_room(directory: Path) -> None:
    """When all connections are taken, the one that idles longest is told, and the rest stay."""
    with _limited(directory, Limits(connections=3)) as served, ExitStack() as stack:
        oldest, *others = [stack.enter_context(served.talk()) for _ in range(3)]
        for client in (*others, oldest, others[0]):
            client.ask({"op": "ping"})
        newcomer = stack.enter_context(served.talk())
        assert newcomer.ask(REQUEST)["outcome"] == "ok"
        assert others[1].reply()["code"] == "busy"
        assert others[1].is_closed()
        assert oldest.ask({"op": "ping"}) == others[0].ask({"op": "ping"}) == {"outcome": "ok"}


def test_newcomer_is_turned_away_when_all_are_in_work(directory: Path) -> None:
    """A client whose request is in work is never the one that has to go."""
    with _limited(directory, Limits(connections=2)) as served, ExitStack() as stack:
        working = [stack.enter_context(served.talk()) for _ in range(2)]
        served.store.acceptor.clear()
        for client in working:
            client.send(REQUEST, REQUEST)
        until(served.store.entered.is_set)
        newcomer = stack.enter_context(served.talk())
        assert newcomer.reply()["code"] == "busy"
        served.store.acceptor.set()
        assert [client.reply()["outcome"] for client in working] == ["ok", "ok"]


def test_thousand_idle_clients_keep_nobody_out(directory: Path) -> None:
    """Far more idle connections than are allowed do not keep a newcomer from being served."""
    with _limited(directory, Limits(connections=20)) as served, ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(served.talk())
        with served.talk() as client:
            assert client.ask(REQUEST)["outcome"] == "ok"


def test_heaviest_client_makes_room(directory: Path) -> None:
    """When unfinished requests take too much memory together, the longest one has to go."""
    limits = Limits(memory=300_000)
    with _limited(directory, limits) as served, ExitStack() as stack:
        small, large, middling = [stack.enter_context(served.talk()) for _ in range(3)]
        small.socket.sendall(b" " * 70_000)
        large.socket.sendall(b" " * 200_000)
        middling.socket.sendall(b" " * 100_000)
        assert large.reply()["code"] == "busy"
        for client in (small, middling):
            assert client.ask(REQUEST)["outcome"] == "ok"


def test_client_that_does_not_read_is_cut_off(directory: Path) -> None:
    """A reply that is not taken in time is given up; the next client is served meanwhile."""
    limits = Limits(reply_seconds=SOON, request_seconds=DEADLINE * 2)
    with _limited(directory, limits) as served, served.talk() as lazy, served.talk() as other:
        for number in range(1, 31):
            other.ask({**REQUEST, "pr_number": number, "body": "x" * 100_000})
        lazy.send({"op": "list"})
        assert other.ask(REQUEST)["outcome"] == "ok"
        until(lambda: _is_hung_up(lazy))
        assert other.ask(REQUEST)["outcome"] == "ok"


def test_unread_replies_take_no_more_memory_than_requests_may(directory: Path) -> None:
    """When they take too much together, those with the most are cut off; others are served."""
    limits = Limits(memory=2 * MIB, reply_seconds=DEADLINE * 2, request_seconds=DEADLINE * 2)
    with _limited(directory, limits) as served, ExitStack() as stack:
        other, *lazy = [stack.enter_context(served.talk()) for _ in range(6)]
        for _ in range(12):
            other.ask({**REQUEST, "body": "x" * 100_000})
        for client in lazy:
            client.send({"op": "list"})
        until(lambda: sum(map(_is_hung_up, lazy)) >= 3)
        assert other.ask({"op": "ping"}) == {"outcome": "ok"}


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


def test_limits_are_those_that_are_promised() -> None:
    """A mebibyte a request, five seconds to send one and to take a reply."""
    limits = Limits()
    assert (limits.request_bytes, limits.request_seconds, limits.reply_seconds) == (MIB, 5.0, 5.0)
    assert limits.request_seconds < DEADLINE
