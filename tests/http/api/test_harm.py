"""Slow, idle, many and greedy clients are closed by the limits, and harm no other."""

from __future__ import annotations

import json
import logging
import resource
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import requests

from comenq_core.model import CommentRequest, NewJob, Origin
from comenq_core.model.access import Scope
from comenq_core.process.descriptors import FOR_FILES
from comenq_core.process.stop import StopFlag
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from comenq_plugins.http.limits import CLOSING_TURNS, Limits
from comenq_plugins.unix_socket.intake import UnixIntake
from tests.http.api.running import LISTENING, running
from tests.http.api.serving import COMMENT, Served, serving
from tests.process.daemon import READY
from tests.reliability.unsupervised import Unsupervised
from tests.socket.serving import Talker, short_directory, until

QUICK = Limits(request_seconds=0.3, idle_seconds=1, connections=8, stop_seconds=1)
MANY = 1_000
FEW = 160


def connect(served: Served, *, buffer: int = 0) -> socket.socket:
    """Connect to the port; with a receive buffer of this size, if it is not 0."""
    client = socket.socket()
    client.settimeout(DEADLINE)
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.connect(("127.0.0.1", int(served.url.rpartition(":")[2])))
    return client


def head(served: Served, line: str = "GET /comments", *headers: str) -> bytes:
    """The first line and the headers of a request, with a token of ours."""
    token = served.tokens[Scope.MANAGE]
    host = served.url.removeprefix("http://")
    lines = [f"{line} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def is_served(served: Served) -> bool:
    """Whether one more client is let in: one that has left may count until its end was read."""
    try:
        return served.ask("GET", "/healthz", is_described=False).ok
    except requests.ConnectionError:
        return False


def crowd(stack: ExitStack, port: int, count: int) -> None:
    """Have so many clients connect until the stack closes, half of them with half a request."""
    for number in range(count):
        client = stack.enter_context(socket.socket())
        client.settimeout(DEADLINE)
        with suppress(ConnectionResetError):  # one of those that are too many
            client.connect(("127.0.0.1", port))
            client.sendall(b"POST /comments HTTP/1.1\r\n" if number % 2 else b"")


def is_closed(client: socket.socket) -> bool:
    """Wait until the other side has closed the connection."""
    try:
        while client.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return True


@contextmanager
def both(directory: Path, limits: Limits) -> Iterator[tuple[Served, Path]]:
    """The HTTP intake and the Unix socket over one queue, as a listener has them."""
    with short_directory() as short, StopFlag() as stop, ExitStack() as stack:
        path = short / "c.sock"

        def start(queue: object) -> object:
            thread = threading.Thread(target=UnixIntake(path).serve, args=(queue, stop))
            thread.start()
            stack.callback(thread.join, DEADLINE)
            stack.callback(stop.set)
            return queue

        with serving(directory, limits, wrap=start) as served:  # type: ignore[arg-type]  # it is returned as it is
            until(path.exists)
            yield served, path


def test_a_client_that_sends_byte_after_byte_is_closed(tmp_path: Path) -> None:
    """A request that does not end in time is closed, however steadily it comes."""
    with serving(tmp_path, QUICK) as served, connect(served) as client:
        ended = threading.Event()

        def trickle() -> None:
            with suppress(OSError):
                while not ended.wait(0.01):
                    client.sendall(b"a")

        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        with ThreadPoolExecutor(1) as executor:
            executor.submit(trickle)
            assert is_closed(client)
            ended.set()


@pytest.mark.parametrize(
    "begin",
    [b"", b"GET", b"GET /healthz HTTP/1.1\r\n", b"POST /comments"],
    ids=["nothing", "a word", "half a head", "half a body"],
)
def test_a_half_request_is_closed(tmp_path: Path, begin: bytes) -> None:
    """A client that sends nothing, or begins and then waits, is closed."""
    with serving(tmp_path, QUICK) as served, connect(served) as client:
        if begin.startswith(b"POST"):
            length = ("Content-Type: application/json", "Content-Length: 100")
            begin = head(served, begin.decode(), *length) + b'{"owner"'
        client.sendall(begin)
        assert is_closed(client)


def test_a_client_that_does_not_read_is_closed(tmp_path: Path) -> None:
    """A client that asks for much and reads nothing is closed."""
    with serving(tmp_path, QUICK) as served:
        for number in range(8):
            request = CommentRequest(owner="o", repo="r", pr_number=1, body=f"{number}" * 250_000)
            served.store.put([NewJob(request=request, origin=Origin(intake="test"))])
        with connect(served, buffer=4_096) as client:
            client.sendall(head(served, "GET /comments?limit=8") * 3)
            poll = select.poll()
            poll.register(client, 0)  # only its end counts
            assert poll.poll(DEADLINE * 1_000)


def test_a_reply_that_was_read_leaves_the_connection_open(tmp_path: Path) -> None:
    """A client that asks again in time keeps its connection."""
    with serving(tmp_path) as served, connect(served) as client, client.makefile("rb") as replies:
        for _ in range(3):
            client.sendall(head(served, "GET /healthz"))
            assert replies.readline() == b"HTTP/1.1 200 OK\r\n"
            while replies.readline() != b"\r\n":
                pass
            assert replies.read(3) == b"ok\n"


def test_one_more_than_the_limit_is_closed_at_once(tmp_path: Path) -> None:
    """Over the limit of connections, a new one is closed, and the others are served."""
    limits = Limits(connections=3)
    with serving(tmp_path, limits) as served, ExitStack() as stack:
        served.session.close()
        first, *_ = [stack.enter_context(connect(served)) for _ in range(3)]
        first.sendall(head(served, "GET /healthz"))
        assert first.recv(12) == b"HTTP/1.1 200"
        assert is_closed(stack.enter_context(connect(served)))
        first.sendall(head(served, "GET /healthz"))
        assert first.recv(1)


@pytest.mark.parametrize("length", ["Content-Length: 99999999999", "Transfer-Encoding: chunked"])
def test_an_endless_body_is_refused(tmp_path: Path, length: str) -> None:
    """A body that is too long is 413 before it has come, and its connection ends."""
    with serving(tmp_path, Limits(body_bytes=1_000)) as served, connect(served) as client:
        kind = "Content-Type: application/json"
        client.sendall(head(served, "POST /comments", kind, length))
        client.sendall(b"400\r\n" + b" " * 1_024 + b"\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"
        assert is_closed(client)


@pytest.mark.parametrize("place", ["/comments", "/login", "/new"])
def test_a_client_that_leaves_half_way_is_no_error_of_the_daemon(
    tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that leaves before its body has come does not show as an error in the log."""
    form = "application/x-www-form-urlencoded"
    kind = "application/json" if place == "/comments" else form
    headers = (f"Content-Type: {kind}", "Content-Length: 100", "Sec-Fetch-Site: same-origin")
    with serving(tmp_path) as served, connect(served) as client:
        client.sendall(head(served, f"POST {place}", *headers, "Expect: 100-continue"))
        assert client.recv(12) == b"HTTP/1.1 100"  # it reads the body
        client.sendall(b"half of it")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_bodies_that_come_at_once_have_a_bound(tmp_path: Path) -> None:
    """Where bodies that are half sent leave no room, one more is 503, and later it is taken."""
    limits = Limits(body_bytes=1_000, bodies_bytes=1_500)
    kind = "Content-Type: application/json"
    with serving(tmp_path, limits) as served:
        with connect(served) as first, connect(served) as second:
            for client in (first, second):
                client.sendall(head(served, "POST /comments", kind, "Content-Length: 1000"))
                client.sendall(b" " * 900)
            readable, _, _ = select.select([first, second], [], [], DEADLINE)
            (refused,) = readable
            answer = refused.recv(65_536).decode()
            assert answer.startswith("HTTP/1.1 503")
            assert "retry-after: 5\r\n" in answer.lower()
            assert is_closed(refused)
        until(lambda: served.ask("POST", "/comments", b" " * 1_000).status_code == 422)


def test_a_head_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """Headers without end are refused, and their connection ends."""
    with serving(tmp_path) as served, connect(served) as client:
        with suppress(ConnectionError):
            client.sendall(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10_000)
        assert is_closed(client)


def test_what_waits_for_the_store_keeps_no_reader_out(tmp_path: Path) -> None:
    """While the store takes nothing, the socket and /healthz answer, and later all is queued."""
    limits = Limits(threads=2)
    with both(tmp_path, limits) as (served, path), ThreadPoolExecutor(6) as executor:
        served.store.block()
        puts = [
            executor.submit(connect_and_put, served, f"comment {number}") for number in range(6)
        ]
        assert served.store.entered.wait(DEADLINE)
        with Talker(path) as client:
            assert client.ask({"op": "list"})["outcome"] == "ok"
        served.ask("GET", "/healthz", status=200, is_described=False)
        assert not any(put.done() for put in puts)
        served.store.release()
        assert {put.result(DEADLINE) for put in puts} == {b"HTTP/1.1 202"}


def connect_and_put(served: Served, body: str) -> bytes:
    """Queue a comment through a connection of its own; return how the answer begins."""
    data = json.dumps(COMMENT | {"body": body}).encode()
    kind = "Content-Type: application/json"
    with connect(served) as client:
        client.sendall(head(served, "POST /comments", kind, f"Content-Length: {len(data)}") + data)
        return client.recv(12)


def test_it_stops_while_clients_are_half_way(tmp_path: Path) -> None:
    """Half requests and idle connections do not keep the intake from stopping."""
    limits = Limits(stop_seconds=0)
    with ExitStack() as stack, serving(tmp_path, limits) as served:
        for begin in (b"", b"GET", head(served, "POST /comments", "Content-Length: 9")):
            stack.enter_context(connect(served)).sendall(begin)
        served.ask("GET", "/healthz", is_described=False)


def test_many_clients_change_nothing_for_the_unix_socket(tmp_path: Path) -> None:
    """While more of them are there than are let in, with half requests, the socket queues."""
    with both(tmp_path, Limits(connections=4)) as (served, path), ExitStack() as stack:
        for number in range(20):
            client = stack.enter_context(connect(served))
            with suppress(ConnectionError):  # one of those that are too many
                client.sendall(b"POST /comments HTTP/1.1\r\n" if number % 2 else b"")
        with Talker(path) as talker:
            assert talker.ask({"op": "put", "request": COMMENT})["outcome"] == "ok"
        stack.close()
        until(lambda: is_served(served))
        assert len(served.ask("GET", "/comments", status=200).json()["comments"]) == 1


def test_clients_of_both_intakes_leave_descriptors_for_the_queue() -> None:
    """Where the process may open few files, more clients than that keep no comment waiting."""
    limited = ("sh", "-c", f'ulimit -n {FEW} && exec "$@"', "sh")
    with (
        Forge() as forge,
        Unsupervised(
            forge.url, intakes=["unix", "http"], **{"http.listen": "127.0.0.1:0"}
        ) as daemon,
        ExitStack() as stack,
    ):
        listener = daemon.run("listen", *limited)
        url = listener.log.until(LISTENING, " info unix listening: ")[1]
        descriptors = Path(f"/proc/{listener.pid}/fd")
        before = len(list(descriptors.iterdir()))
        crowd(stack, int(url.rpartition(":")[2]), FEW)
        for _ in range(FEW):
            stack.enter_context(Talker(daemon.socket))
        with Talker(daemon.socket) as talker:
            assert talker.ask({"op": "put", "request": COMMENT})["outcome"] == "ok"
        assert len(list(descriptors.iterdir())) <= before + FEW - FOR_FILES
        assert " not_accepting: " not in str(listener.log)


@pytest.mark.full
def test_a_thousand_clients_change_nothing_for_comenq() -> None:
    """With a thousand connections, half of them with half a request, comenq queues a comment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4_096)), hard))
    with running() as daemon, ExitStack() as stack:
        token = daemon.token("ci", "queue")
        daemon.serve()
        port = int(daemon.url.rpartition(":")[2])
        descriptors = Path(f"/proc/{daemon.pid('listener')}/fd")
        before = len(list(descriptors.iterdir()))
        limits = Limits()
        # What is accepted in one turn of the loop is closed a few turns later.
        most = before + limits.connections + CLOSING_TURNS * limits.accepted_at_once
        crowd(stack, port, MANY)
        assert len(list(descriptors.iterdir())) <= most
        daemon.put("while they are there")
        stack.close()
        until(lambda: len(list(descriptors.iterdir())) < before + limits.connections)
        assert json.loads(daemon.curl(token, "GET", "/comments"))["next"] is None
        assert daemon.terminate() == 0
        assert str(daemon.log).count("spawned: 'listener'") == 1


def test_a_port_that_somebody_has_stops_nothing_else() -> None:
    """Comments are queued, the status tells of it, and it is served once the port is free."""
    with running() as daemon:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            daemon.change(**{"http.listen": f"127.0.0.1:{taken.getsockname()[1]}"})
            daemon.spawn()
            daemon.log.until(r"intake_ended: .*cannot listen on .*in use", *READY)
            assert daemon.put("hello")
            assert "cannot listen on" in daemon.comenq("status", status=1)
        daemon.log.until(LISTENING)
