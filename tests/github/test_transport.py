"""The time that an attempt may take, and what is known when it fails."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from comenq_core.model import Posted, Unavailable, Unknown
from comenq_core.testing.forge import Forge
from comenq_plugins.github.http import transport
from comenq_plugins.github.http.deadline import Deadline
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import MakePoster, a_job

SHORT = 1.0


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Let ``talk`` have each connection to a port on loopback, which is given."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            try:
                talk(connection)
            except OSError:
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        for connection in connections:
            connection.close()
        thread.join()
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    """Read until the request's body has begun to arrive."""
    data = b""
    while b'"body"' not in data:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError
        data += piece
    return data


def drip(connection: socket.socket, text: bytes) -> None:
    """Send a byte now and then, until the client has gone."""
    for byte in text:
        connection.sendall(bytes([byte]))
        hung_up, _, _ = select.select([connection], [], [], 0.02)
        if hung_up:
            return


def test_silent_server(forge: Forge, make_poster: MakePoster) -> None:
    """The wait for a server that does not answer ends with the time; it may have the request."""
    forge.answer_next(delay=3600)
    outcome = make_poster(forge.url, github_api_timeout_secs=SHORT).post(a_job())
    assert isinstance(outcome, Unknown)
    assert f"no complete answer in {SHORT:g} s" in outcome.message


def test_dripping_body(forge: Forge, make_poster: MakePoster) -> None:
    """A body that arrives a byte at a time, for ever, does not prolong the attempt."""
    forge.answer_next(drip=0.02, text="x" * 1_000_000)
    outcome = make_poster(forge.url, github_api_timeout_secs=SHORT).post(a_job())
    assert isinstance(outcome, Unknown)
    assert "no complete answer" in outcome.message


def test_dripping_body_of_a_closed_connection(forge: Forge, make_poster: MakePoster) -> None:
    """The same holds where the answer announces that the connection will close."""
    headers = {"Connection": "close"}
    forge.answer_next(drip=0.02, text="x" * 1_000_000, headers=headers)
    outcome = make_poster(forge.url, github_api_timeout_secs=SHORT).post(a_job())
    assert isinstance(outcome, Unknown)
    assert "no complete answer" in outcome.message


def test_dripping_headers(make_poster: MakePoster) -> None:
    """Headers that arrive a byte at a time do not prolong the attempt."""

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        drip(connection, b"HTTP/1.1 201 Created\r\nX: " + b"x" * 60_000)

    with raw_server(talk) as port:
        url = f"http://127.0.0.1:{port}"
        outcome = make_poster(url, github_api_timeout_secs=SHORT).post(a_job())
    assert isinstance(outcome, Unknown)
    assert "no complete answer" in outcome.message


def test_dripping_handshake(make_poster: MakePoster) -> None:
    """A TLS handshake that does not proceed is ended, and nothing was sent."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65_536)
        # The beginning of a TLS record of 16,384 bytes, the largest there is.
        drip(connection, b"\x16\x03\x03\x40\x00" + b"\x02" * 16_384)

    with raw_server(talk) as port:
        url = f"https://127.0.0.1:{port}"
        outcome = make_poster(url, github_api_timeout_secs=3 * SHORT).post(a_job())
    assert isinstance(outcome, Unavailable)


def test_nothing_is_sent_after_the_time_is_up(forge: Forge, poster: GitHubPoster) -> None:
    """Once the time is up, no request leaves any more, and that is known."""
    with Deadline(0):
        reply = poster.client.ask("POST", f"{forge.url}/repos/o/r/issues/7/comments", {})
    assert isinstance(reply, Unavailable)
    assert forge.requests == []


def test_time_is_up_before_the_connection_stands(
    forge: Forge, poster: GitHubPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When resolving the name takes all the time there is, the connection is not used."""
    attempt = Deadline(60)
    look_up = socket.getaddrinfo

    def slow(*args: Any, **options: Any) -> Any:
        attempt._ends = 0.0
        return look_up(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with attempt:
        reply = poster.client.ask("POST", f"{forge.url}/repos/o/r/issues/7/comments", {})
    assert isinstance(reply, Unavailable)
    assert forge.requests == []


def test_kept_connection_is_cut_too(forge: Forge, make_poster: MakePoster) -> None:
    """The limit holds on a connection that an earlier attempt has opened."""
    poster = make_poster(forge.url, github_api_timeout_secs=SHORT)
    poster.post(a_job())
    forge.answer_next(drip=0.02, text="x" * 1_000_000)
    assert isinstance(poster.post(a_job()), Unknown)
    first, second = forge.posts
    assert first.connection == second.connection


def test_attempts_do_not_disturb_each_other(forge: Forge, make_poster: MakePoster) -> None:
    """After an attempt that ran out of time, the next is served as ever."""
    poster = make_poster(forge.url, github_api_timeout_secs=SHORT)
    forge.answer_next(delay=3600)
    poster.post(a_job("a"))
    assert isinstance(poster.post(a_job("b")), Posted)


def test_limit_covers_all_requests(forge: Forge, make_poster: MakePoster) -> None:
    """The question whether the pull request is open takes its time from the same limit."""
    forge.answer_next(method="GET", delay=3600)
    poster = make_poster(forge.url, github_api_timeout_secs=SHORT)
    assert isinstance(poster.post(a_job(if_open=True)), Unavailable)
    assert forge.posts == []


def test_answer_without_end(
    forge: Forge, poster: GitHubPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is too long is not kept in memory, and proves nothing."""
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 100_000)
    forge.answer_next(text="x" * 1_000_000)
    outcome = poster.post(a_job())
    assert isinstance(outcome, Unknown)
    assert "longer than 100000 bytes" in outcome.message


def test_redirect_without_end(make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect without an end is cut as well: requests alone would read it all."""
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 100_000)
    sent = []

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 307 Elsewhere\r\nLocation: /x\r\n\r\n")
        while True:
            sent.append(connection.send(bytes(1_000_000)))

    with raw_server(talk) as port:
        url = f"http://127.0.0.1:{port}"
        assert isinstance(make_poster(url, github_api_timeout_secs=2.0).post(a_job()), Unknown)
    assert sum(sent) < 64_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nContent-Length: nonsense\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://\xff\xfe[/\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["none", "ssh", "status", "cut", "length", "chunk", "gzip", "headers", "location"],
)
def test_garbage(make_poster: MakePoster, answer: bytes) -> None:
    """An answer that is no HTTP, or not a whole one, is never a success and breaks nothing."""

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)

    with raw_server(talk) as port:
        outcome = make_poster(f"http://127.0.0.1:{port}").post(a_job())
    assert not isinstance(outcome, Posted | Unavailable)


def test_transient_refusal(make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is refused once is opened again in the same attempt."""
    with Forge() as forge:
        poster = make_poster(forge.url)
        failures = iter([ConnectionRefusedError("not yet")])
        connect = socket.socket.connect

        def flaky(self: socket.socket, address: tuple[str, int]) -> None:
            for failure in failures:
                raise failure
            connect(self, address)

        monkeypatch.setattr(socket.socket, "connect", flaky)
        assert isinstance(poster.post(a_job()), Posted)
    assert len(forge.comments) == 1


def test_proxy_sees_nothing_in_the_clear(
    forge: Forge, make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address with http is this machine's own: what is sent there, token and all, stays here."""
    with Forge() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert isinstance(make_poster(forge.url).post(a_job()), Posted)
        assert proxy.requests == []


def test_proxy_down(make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the proxy cannot be reached, nothing was sent."""
    with Forge() as forge:
        url = forge.url
    monkeypatch.setenv("HTTPS_PROXY", url)
    outcome = make_poster("https://github.invalid").post(a_job())
    assert isinstance(outcome, Unavailable)
    assert outcome.message == "github.invalid cannot be reached: Connection refused"


def test_tunnel_refused(
    forge: Forge, make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the proxy opens no tunnel, nothing was sent, and it never sees the token."""
    monkeypatch.setenv("HTTPS_PROXY", forge.url)
    assert isinstance(make_poster("https://github.invalid").post(a_job()), Unavailable)
    assert forge.requests == []


def test_ca_bundle(make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CA bundle that the environment names is the one that is used."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    outcome = make_poster("https://127.0.0.1:1").post(a_job())
    assert isinstance(outcome, Unavailable)
    assert "/nowhere/ca.pem" in outcome.message
