"""The client, against daemons that keep to the protocol and daemons that do not."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from comenq_core.client import Client, candidates, connect, knows_via, put, send
from comenq_core.errors import DaemonRefused, DaemonUnreachable, NotAcknowledged
from comenq_core.paths import SYSTEM_SOCKET
from comenq_core.testing.deadline import DEADLINE
from tests.cli.fake_daemon import fake_daemon, read_to_end
from tests.socket.serving import REQUEST, Served


def test_refusal_is_raised_with_its_code(served: Served) -> None:
    """An error reply is raised with the protocol's code, and its message is the error's text."""
    with Client(str(served.path)) as client, pytest.raises(DaemonRefused) as caught:
        client.ask({"op": "show", "id": "zzz"})
    assert caught.value.why == "no_such_job"
    assert "zzz" in str(caught.value)


def test_many_requests_are_sent_without_waiting(served: Served) -> None:
    """Hundreds of requests with long bodies get as many replies, in order."""
    requests = [{**REQUEST, "pr_number": n, "body": "x" * 20_000} for n in range(1, 301)]
    with Client(str(served.path)) as client:
        replies = list(client.ask_many(requests))
    assert [reply["entry"]["pr_number"] for reply in replies] == list(range(1, 301))


def test_refusals_are_among_the_replies(served: Served) -> None:
    """One bad request among many does not stop the others."""
    with Client(str(served.path)) as client:
        replies = list(client.ask_many([REQUEST, {"op": "nonsense"}, REQUEST]))
    assert [reply["outcome"] for reply in replies] == ["ok", "error", "ok"]


def test_time_that_nobody_knows_is_none(served: Served) -> None:
    """Of a job that is held, nobody can tell when it is posted, whichever reply shows it."""
    with Client(str(served.path)) as client:
        job_id = client.ask(REQUEST)["entry"]["id"]
    for message in ({"op": "hold", "id": job_id}, {"op": "list"}):
        with Client(str(served.path)) as client:
            reply = client.ask(message)
        (entry,) = reply.get("entries", [reply.get("entry")])
        assert entry["eta_seconds"] is None
        assert "eta_known" not in entry


def test_no_requests_are_no_error(served: Served) -> None:
    """No requests get no replies."""
    with Client(str(served.path)) as client:
        assert list(client.ask_many([])) == []


def test_single_request_is_ended_by_half_closing(directory: Path) -> None:
    """A daemon that reads to the end of the stream, as the Rust one does, gets one JSON object."""
    seen = []

    def behave(connection: socket.socket) -> None:
        seen.append(json.loads(read_to_end(connection)))
        connection.sendall(b'{"outcome":"ok","entry":{"id":"abc"}}')

    with fake_daemon(directory / "c.sock", behave) as path, Client(path) as client:
        reply = client.ask(REQUEST)
    assert seen == [REQUEST]
    assert reply == {"outcome": "ok", "entry": {"id": "abc"}}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "without a reply"),
        (b"Hello\n", "no comenq daemon"),
        (b"[1]\n", "no comenq daemon"),
        (b'{"outcome":', "in the middle of its reply"),
    ],
)
def test_daemon_that_does_not_acknowledge(directory: Path, answer: bytes, told: str) -> None:
    """No reply, or one that is not the protocol's, is no acknowledgement."""

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        connection.sendall(answer)

    with (
        fake_daemon(directory / "c.sock", behave) as path,
        Client(path) as client,
        pytest.raises(NotAcknowledged, match=told),
    ):
        list(client.ask_many([REQUEST]))


def test_daemon_that_closes_in_the_middle(directory: Path) -> None:
    """The replies that came are returned before the rest is reported as not acknowledged."""

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        connection.sendall(b'{"outcome":"ok"}\n')

    with fake_daemon(directory / "c.sock", behave) as path, Client(path) as client:
        replies = client.ask_many([REQUEST, REQUEST])
        assert next(replies) == {"outcome": "ok"}
        with pytest.raises(NotAcknowledged):
            next(replies)


def test_goodbye_after_the_last_reply_is_ignored(directory: Path) -> None:
    """A daemon that stops after it has answered everything causes no error."""

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        connection.sendall(b'{"outcome":"ok"}\n' * 2 + b'{"outcome":"error","code":"stopping"}\n')

    with fake_daemon(directory / "c.sock", behave) as path, Client(path) as client:
        assert list(client.ask_many([REQUEST, REQUEST])) == [{"outcome": "ok"}] * 2


def test_goodbye_is_read_though_sending_fails(directory: Path) -> None:
    """The reason that the daemon gives before it closes is raised, even if sending has failed."""
    is_closed = threading.Event()

    def behave(connection: socket.socket) -> None:
        connection.sendall(b'{"outcome":"error","code":"busy","message":"too many"}\n')
        connection.close()
        is_closed.set()

    with fake_daemon(directory / "c.sock", behave) as path, Client(path) as client:
        assert is_closed.wait(DEADLINE)
        with pytest.raises(DaemonRefused, match="too many"):
            client.ask(REQUEST)


def test_daemon_that_does_not_answer_times_out(directory: Path) -> None:
    """A daemon that does not answer within the timeout has not acknowledged."""
    is_done = threading.Event()

    def behave(_connection: socket.socket) -> None:
        is_done.wait(DEADLINE)

    with fake_daemon(directory / "c.sock", behave) as path:
        try:
            with Client(path, timeout=0.05) as client, pytest.raises(NotAcknowledged):
                client.ask(REQUEST)
        finally:
            is_done.set()


def test_stale_socket_is_passed_over(served: Served, directory: Path) -> None:
    """A socket without a listener, or a missing one, does not hide the next one."""
    stale = directory / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    with connect([str(directory / "missing"), str(stale), str(served.path)]) as client:
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


def test_unreachable_daemon_is_reported_with_every_path(directory: Path) -> None:
    """The error names every path with its cause, and says what to do."""
    stale = directory / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    with pytest.raises(DaemonUnreachable) as caught:
        connect([str(directory / "missing"), str(stale)])
    text = str(caught.value)
    assert f"{directory}/missing: no such file" in text
    assert f"{stale}: nobody listens on it" in text
    assert "comenqd" in text


def test_daemon_that_comes_back_is_awaited(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a daemon was, the client tries again until it is back from a reload."""
    path = directory / "c.sock"
    (directory / "c.sock.lock").touch()
    with socket.socket(socket.AF_UNIX) as listener:

        def come_back(_seconds: float) -> None:
            listener.bind(str(path))
            listener.listen()

        monkeypatch.setattr(time, "sleep", come_back)
        with connect([str(path)], patience=DEADLINE):
            pass


def test_daemon_that_never_was_is_not_awaited(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no daemon has been, the client says so at once."""
    monkeypatch.setattr(time, "sleep", pytest.fail)
    with pytest.raises(DaemonUnreachable):
        connect([str(directory / "c.sock")], patience=DEADLINE)


def test_daemon_without_time_is_asked_again(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon whose queue of clients is full is there: the client tries again."""
    path = directory / "c.sock"
    others: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        with suppress(BlockingIOError):
            while True:
                others.append(socket.socket(socket.AF_UNIX))
                others[-1].setblocking(False)
                others[-1].connect(str(path))

        def serve_others(_seconds: float) -> None:
            while len(others) > 1:
                others.pop().close()
                listener.accept()[0].close()

        monkeypatch.setattr(time, "sleep", serve_others)
        with connect([str(path)], patience=DEADLINE):
            pass
        for other in others:
            other.close()


def test_request_that_a_stopping_daemon_did_not_do_is_sent_again(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that stops has done nothing: the next one gets the request."""
    path = directory / "c.sock"
    answers = [b'{"outcome":"error","code":"stopping","message":"stops"}', b'{"outcome":"ok"}']
    seen = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(DEADLINE)

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    seen.append(json.loads(read_to_end(connection)))
                    connection.sendall(answer + b"\n")

        daemons = threading.Thread(target=serve)
        daemons.start()
        monkeypatch.setattr("comenq_core.client.RELOAD_SECONDS", DEADLINE)
        assert send([str(path)], REQUEST) == {"outcome": "ok"}
        daemons.join(DEADLINE)
    assert seen == [REQUEST, REQUEST]


USUAL = f"/run/user/{os.geteuid()}/comenq/comenq.sock"
AT_HOME = "/s/comenq/comenq.sock"


@pytest.mark.parametrize(
    ("explicit", "environ", "tried"),
    [
        ("/a", {"COMENQ_SOCKET": "/b", "XDG_RUNTIME_DIR": "/c"}, ["/a"]),
        (None, {"COMENQ_SOCKET": "/b", "XDG_RUNTIME_DIR": "/c"}, ["/b"]),
        (None, {"XDG_RUNTIME_DIR": "/c"}, ["/c/comenq/comenq.sock", USUAL, SYSTEM_SOCKET]),
        (None, {"XDG_RUNTIME_DIR": "relative"}, [USUAL, SYSTEM_SOCKET]),
        (None, {"COMENQ_SOCKET": "", "XDG_STATE_HOME": "/s"}, [USUAL, AT_HOME, SYSTEM_SOCKET]),
        (None, {"COMENQ_SOCKET": "/b", "COMENQ_DAEMON": "work"}, ["/b"]),
        (None, {"COMENQ_DAEMON": "work"}, [f"/run/user/{os.geteuid()}/comenq/work/comenq.sock"]),
    ],
)
def test_nearest_socket_is_tried_first(
    explicit: str | None, environ: dict[str, str], tried: list[str]
) -> None:
    """A named socket is the only candidate; otherwise the user's own comes before the system's."""
    assert candidates(explicit, environ) == tried


def test_name_that_no_daemon_can_have_is_refused() -> None:
    """A name that would lead to another directory reaches no daemon."""
    with pytest.raises(DaemonUnreachable, match=r"^COMENQ_DAEMON: a daemon's name has"):
        candidates(None, {"COMENQ_DAEMON": "../work", "HOME": "/home/u"})


def test_an_older_daemon_gets_the_comment_without_the_word(directory: Path) -> None:
    """A daemon that refuses ``via`` is sent the comment again, without it."""
    seen = []

    def behave(connection: socket.socket) -> None:
        request = json.loads(read_to_end(connection))
        seen.append(request)
        refusal = {"outcome": "error", "code": "invalid_request"}
        refusal["message"] = "via: is not known here; known are owner, repo"
        reply = refusal if "via" in request else {"outcome": "ok", "entry": {"id": "1"}}
        connection.sendall(json.dumps(reply).encode() + b"\n")

    with fake_daemon(directory / "old.sock", behave, clients=3) as path:
        assert put([path], {"owner": "o"}, "agent")["entry"] == {"id": "1"}
        assert not knows_via([path], "agent")
    assert seen[:2] == [{"owner": "o", "via": "agent"}, {"owner": "o"}]
