"""Many clients, and clients that misbehave: the others are served, and nothing piles up."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.reliability.report import report
from tests.reliability.unsupervised import Program, Unsupervised
from tests.reliability.usage import descriptors, many_descriptors, memory, peak, until
from tests.socket.serving import Talker

CLIENTS = 64
EACH = 50
MIB = 1 << 20
# What the intake's own limit lets all clients together have sent, and room for the allocator.
ALLOWANCE = 128 * MIB


@dataclass(frozen=True)
class Loaded:
    """A daemon whose listener is under load, and what that cost while it was idle."""

    daemon: Unsupervised
    listener: Program
    memory: int
    descriptors: int

    def talk(self) -> Talker:
        """Connect."""
        return Talker(self.daemon.socket)

    def connect(self) -> socket.socket:
        """Connect, without the comfort."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(DEADLINE)
        client.connect(str(self.daemon.socket))
        return client

    def put_many(self, name: str, count: int) -> list[str]:
        """Be a well-behaved client with one connection; return the bodies of its comments."""
        bodies = [f"{name} {number}" for number in range(count)]
        with self.talk() as client:
            for body in bodies:
                reply = client.ask(request(body))
                assert reply["outcome"] == "ok", reply
        return bodies

    def serve_others(self) -> list[str]:
        """Be eight clients at once, all served; return the bodies of their comments."""
        with ThreadPoolExecutor(8) as others:
            done = others.map(lambda number: self.put_many(f"other {number}", 10), range(8))
            return [body for some in done for body in some]

    def queued(self) -> Counter[str]:
        """The bodies in the queue, page by page."""
        bodies: Counter[str] = Counter()
        page: int | None = 0
        with self.talk() as client:
            while page is not None:
                reply = client.ask({"op": "list", "offset": page})
                bodies.update(entry["body"] for entry in reply["entries"])
                page = reply["next"]
        return bodies

    def assert_nothing_is_left(self, what: str) -> None:
        """Descriptors are those of an idle listener, and memory is in bounds."""
        until(lambda: descriptors(self.listener.pid) <= self.descriptors)
        grown = peak(self.listener.pid) - self.memory
        report(
            f"load: {what}; listener idle {self.memory / MIB:.0f} MiB,"
            f" at most {peak(self.listener.pid) / MIB:.0f} MiB,"
            f" afterwards {memory(self.listener.pid) / MIB:.0f} MiB;"
            f" descriptors {self.descriptors} before and {descriptors(self.listener.pid)} after"
        )
        assert grown < ALLOWANCE


def request(body: str) -> dict[str, object]:
    """A comment."""
    return {"owner": "o", "repo": "r", "pr_number": 1, "body": body}


@pytest.fixture
def loaded(forge: Forge) -> Iterator[Loaded]:
    """A listener that has served once, so that everything it needs is loaded."""
    with Unsupervised(forge.url) as daemon, many_descriptors():
        listener = daemon.listen()
        daemon.put("the first")
        until(lambda: descriptors(listener.pid) < 20)
        with Talker(daemon.socket) as client:
            client.ask({"op": "ping"})
            connected = descriptors(listener.pid)
        until(lambda: descriptors(listener.pid) < connected)
        idle = descriptors(listener.pid)
        yield Loaded(daemon, listener, memory(listener.pid), idle)


@pytest.mark.full
def test_thousands_of_jobs_from_many_clients_are_all_queued(loaded: Loaded) -> None:
    """64 clients at once, each waiting for every reply: each comment is queued once."""
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        sent = clients.map(lambda number: loaded.put_many(f"client {number}", EACH), range(CLIENTS))
        bodies = [body for some in sent for body in some]
    took = time.monotonic() - began

    assert loaded.queued() == Counter(["the first", *bodies])
    loaded.assert_nothing_is_left(
        f"{CLIENTS} clients x {EACH} comments, all acknowledged, in {took:.1f} s"
    )


def line(message: object) -> bytes:
    """A message as it is sent."""
    return json.dumps(message).encode() + b"\n"


def last_words(clients: Sequence[socket.socket]) -> Counter[str]:
    """Read until the daemon has closed every connection; count the codes of what it said last."""
    codes: Counter[str] = Counter()
    for client in clients:
        said = b""
        with suppress(ConnectionResetError):
            while data := client.recv(MIB):
                said = (said + data)[-1000:]
        codes[json.loads(said.splitlines()[-1])["code"] if said else "nothing"] += 1
    return codes


@pytest.mark.full
def test_a_thousand_idle_connections_keep_no_client_out(loaded: Loaded) -> None:
    """Idle connections are closed to make room, with the reason, while others are served."""
    with ExitStack() as stack:
        idlers = [stack.enter_context(loaded.connect()) for _ in range(1_000)]
        bodies = loaded.serve_others()
        told = last_words(idlers)

    assert loaded.queued() == Counter(["the first", *bodies])
    assert told.total() == told["busy"] + told["timeout"] == 1_000
    loaded.assert_nothing_is_left(f"1,000 idle connections, told: {dict(told)}")


@pytest.mark.full
def test_clients_that_send_a_byte_a_second_delay_no_other(loaded: Loaded) -> None:
    """A request that takes for ever is ended by a time-out; others are served meanwhile."""
    text = line(request("never finished"))
    with ExitStack() as stack:
        clients = [stack.enter_context(loaded.connect()) for _ in range(CLIENTS)]
        with dripping(clients, text):
            bodies = loaded.serve_others()
            told = last_words(clients)

    assert loaded.queued() == Counter(["the first", *bodies])
    assert told == {"timeout": CLIENTS}
    loaded.assert_nothing_is_left(
        f"{CLIENTS} clients that send a byte a second, told: {dict(told)}"
    )


@contextmanager
def dripping(clients: Sequence[socket.socket], text: bytes) -> Iterator[None]:
    """Send each client's text a byte a second for the length of a ``with`` block."""
    over = threading.Event()

    def drip() -> None:
        for byte in text:
            for client in clients:
                with suppress(OSError):
                    client.sendall(bytes([byte]))
            if over.wait(1):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.full
def test_clients_that_never_read_cost_little_and_are_cut_off(loaded: Loaded) -> None:
    """Replies that are not read do not pile up, and others are served meanwhile."""
    loaded.put_many("x" * 8_000, 100)
    before = loaded.queued()
    with ExitStack() as stack:
        clients = [stack.enter_context(loaded.connect()) for _ in range(CLIENTS)]
        for client in clients:
            client.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    client.send(line({"op": "list"}) * 1_000)
        bodies = loaded.serve_others()
        until(lambda: descriptors(loaded.listener.pid) <= loaded.descriptors)

    assert loaded.queued() == before + Counter(bodies)
    loaded.assert_nothing_is_left(f"{CLIENTS} clients that ask for lists and never read")


@pytest.mark.full
def test_clients_that_vanish_leave_nothing_half_done(loaded: Loaded) -> None:
    """A whole request counts although its client has gone; half of one does not."""
    for number in range(500):
        with loaded.connect() as client:
            client.sendall(line(request(f"whole {number}")))
        with loaded.connect() as client:
            client.sendall(line(request(f"half {number}"))[:-5])
    bodies = loaded.serve_others()
    until(lambda: loaded.queued().total() >= 501 + len(bodies))

    whole = [f"whole {number}" for number in range(500)]
    assert loaded.queued() == Counter(["the first", *whole, *bodies])
    loaded.assert_nothing_is_left("1,000 clients that vanish, half of them in mid-request")
