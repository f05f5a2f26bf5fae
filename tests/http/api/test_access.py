"""Who may do what through the API, and how requests are refused before that."""

from __future__ import annotations

import http.client
import json
import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from comenq_core.model import State
from comenq_core.model.access import Scope
from comenq_core.process.token_file import add_token, remove_token
from comenq_core.testing.contract.harness import put_in_state
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.http.api.endpoints import ENDPOINTS, Endpoint
from comenq_plugins.http.limits import Limits
from tests.http.api.serving import COMMENT, Served, serving

BODIES = {"put": COMMENT, "edit": {"body": "Better."}, "pause": {"reason": "audit"}}
NAMES = [f"{one.method} {one.path}" for one in ENDPOINTS]


def address(endpoint: Endpoint, job_id: str) -> str:
    """The endpoint's path for a job."""
    return endpoint.path.replace("{id}", job_id).replace("{name}", "coderabbit")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_nobody_is_served_without_a_token(served: Served, endpoint: Endpoint) -> None:
    """Every endpoint answers 401, whatever the request says, unless a token of ours is shown."""
    job_id = served.put()["id"]
    for token in ("", "comenq_guess", f"{served.tokens[Scope.MANAGE]}x"):
        body = BODIES.get(endpoint.op)
        answer = served.ask(endpoint.method, address(endpoint, job_id), body, token=token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="comenq"'
    basic = served.ask(endpoint.method, "/comments", token="", Authorization="Basic Y2k6eA==",
                       is_described=False)  # fmt: skip
    assert basic.status_code in {401, 405}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_a_scope_permits_what_it_says(served: Served, endpoint: Endpoint) -> None:
    """A token is refused with 403 by what needs more than its scope, and by nothing else."""
    state = {"release": State.HELD, "retry": State.FAILED}.get(endpoint.op, State.WAITING)
    job_id = put_in_state(served.store, state).id
    for scope in (*Scope, None)[: list(Scope).index(endpoint.scope)]:
        assert scope
        answer = served.ask(
            endpoint.method,
            address(endpoint, job_id),
            BODIES.get(endpoint.op),
            token=served.tokens[scope],
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    answer = served.ask(endpoint.method, address(endpoint, job_id), BODIES.get(endpoint.op))
    assert answer.status_code == (422 if endpoint.op == "open_lane" else endpoint.status)


def test_the_scope_queue_changes_its_own_comments_alone(served: Served) -> None:
    """With the scope queue, a token may change what it has queued itself, and nothing else."""
    mine, theirs = served.tokens[Scope.QUEUE], served.put()["id"]
    own = served.ask("POST", "/comments", COMMENT, token=mine, status=202).json()["id"]
    for method, path, body in (
        ("POST", "/first", None),
        ("POST", "/hold", None),
        ("PATCH", "", {"body": "Better."}),
        ("POST", "/release", None),
        ("DELETE", "", None),
    ):
        problem = served.problem(method, f"/comments/{theirs}{path}", body, token=mine)
        assert (problem["status"], problem["code"]) == (403, "not_permitted")
        served.ask(method, f"/comments/{own}{path}", body, token=mine, status=200)


def test_a_key_of_another_replaces_nothing(served: Served) -> None:
    """With the scope queue, no comment of another token is replaced under its key."""
    served.put(key="weekly")
    other = COMMENT | {"body": "Mine.", "key": "weekly", "replace": True}
    mine = served.tokens[Scope.QUEUE]
    assert served.problem("POST", "/comments", other, token=mine)["status"] == 403
    replaced = served.ask("POST", "/comments", other, status=202).json()
    assert (replaced["replaced"], replaced["body"]) == (True, "Mine.")
    taken = other | {"key": "monthly"}
    served.ask("POST", "/comments", taken, token=mine, status=202)
    served.ask("POST", "/comments", taken | {"body": "New."}, token=mine, status=202)


def test_tokens_come_and_go_while_it_runs(served: Served) -> None:
    """A new token is served from the next request on, and a removed one refused."""
    token = add_token(served.tokens_file, "ci", Scope.READ)
    served.ask("GET", "/comments", token=token, status=200)
    remove_token(served.tokens_file, "ci")
    served.ask("GET", "/comments", token=token, status=401)


@pytest.mark.parametrize("harm", ["mode", "line"])
def test_a_file_that_cannot_be_used_refuses_all(
    served: Served, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where others may read the tokens, or a line is none, all are 503 and the log says why."""
    text = served.tokens_file.read_text()
    if harm == "mode":
        served.tokens_file.chmod(0o644)
    else:
        served.tokens_file.write_text(f"{text}root:everything\n")
    answer = served.ask("GET", "/comments", status=503)
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("no_tokens", "30")
    assert served.tokens[Scope.MANAGE] not in answer.text
    served.ask("GET", "/comments", status=503)
    logged = [line for line in caplog.messages if "no_tokens" in line]
    assert len(logged) == 1
    served.tokens_file.chmod(0o600)
    served.tokens_file.write_text(text)
    served.ask("GET", "/comments", status=200)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost:80", ""])
def test_another_host_is_misdirected(served: Served, host: str) -> None:
    """A request for a name that is not ours is 421, even with a token: it may be DNS rebinding."""
    for path in ("/comments", "/healthz", "/nowhere"):
        problem = served.problem("GET", path, Host=host, is_described=False)
        assert (problem["status"], problem["code"]) == (421, "misdirected")


def told(served: Served, target: str, host: str) -> tuple[int, str, bytes]:
    """Send a request as it is; the answer's status, type and body."""
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=DEADLINE)
    with closing(connection):
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", host)
        connection.putheader("Authorization", f"Bearer {served.tokens[Scope.READ]}")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read()


def test_a_whole_address_is_answered_like_its_path(served: Served) -> None:
    """A proxy may send the address; its host has to be ours, as Host has to."""
    host = served.url.removeprefix("http://")
    status, _, body = told(served, f"{served.url}/comments?state=held", host)
    assert (status, body) == (200, told(served, "/comments?state=held", host)[2])
    assert told(served, served.url, host)[0] == 200
    for target, named in (("http://evil.example/comments", host), (served.url, "evil.example")):
        status, kind, body = told(served, target, named)
        assert (status, kind) == (421, "application/problem+json")
        assert json.loads(body)["code"] == "misdirected"


@pytest.mark.parametrize("target", ["*", "comments", "ftp://x/comments", "127.0.0.1:80"])
def test_what_names_no_path_is_refused(served: Served, target: str) -> None:
    """Another form of a request's target is 400, and the problem says what is expected."""
    status, kind, body = told(served, target, served.url.removeprefix("http://"))
    assert (status, kind) == (400, "application/problem+json")
    assert "names a path" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "text", [b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX" + b"x" * 99_999]
)
def test_what_is_no_request_is_a_problem(served: Served, text: bytes) -> None:
    """What does not even have the form of a request is 400 with a problem, and the end."""
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
        client.sendall(text)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        problem = json.loads(answer.read())
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert (problem["status"], problem["code"]) == (400, "bad_request")


def test_our_names_are_served(tmp_path: Path) -> None:
    """The address, localhost, http.url and http.hosts name this server, in any letters."""
    url, hosts = "https://Queue.example/outbox", frozenset({"comenq.test:8443"})
    with serving(tmp_path, url=url, hosts=hosts) as served:
        port = served.url.rpartition(":")[2]
        for host in (f"127.0.0.1:{port}", f"LOCALHOST:{port}", "queue.example", "comenq.test:8443"):
            served.ask("GET", "/outbox/status", Host=host, status=200, is_described=False)


def test_a_long_body_is_refused(tmp_path: Path) -> None:
    """A body over the limit is 413, whether its length is said or not, and the connection ends."""
    with serving(tmp_path, Limits(body_bytes=1_000)) as served:
        problem = served.problem("POST", "/comments", b" " * 1_001)
        assert (problem["status"], problem["code"]) == (413, "too_large")
        answer = served.session.post(
            f"{served.url}/comments",
            data=iter([b" " * 600, b" " * 600]),
            headers={
                "Authorization": f"Bearer {served.tokens[Scope.MANAGE]}",
                "Content-Type": "application/json",
            },
        )
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/comments", {"GET", "HEAD", "POST"}),
        ("PUT", "/comments/000000000000", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("GET", "/comments/000000000000/first", {"POST"}),
        ("OPTIONS", "/status", {"GET", "HEAD"}),
        ("BREW", "/pause", {"POST"}),
        ("PUT", "/login", {"GET", "HEAD", "POST"}),
    ],
)
def test_another_method_is_refused(
    served: Served, method: str, path: str, allowed: set[str]
) -> None:
    """A method that a path does not have is 405, with those that it has."""
    answer = served.ask(method, path, status=405, is_described=False)
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.json()["code"] == "method_not_allowed"


def test_what_is_nowhere_is_404(served: Served) -> None:
    """A path that leads nowhere is 404, and a slash at an end leads nowhere."""
    for path in ("/nowhere", "/comments/", "/comments/000000000000/first/", "//comments"):
        problem = served.problem("GET", path, is_described=False)
        assert (problem["status"], problem["code"]) == (404, "no_such_page")


def test_it_lives(served: Served) -> None:
    """/healthz needs no token, and says nothing but that it lives."""
    answer = served.ask("GET", "/healthz", token="", is_described=False, status=200)
    assert answer.text == "ok\n"


def test_every_answer_has_the_headers_of_security(served: Served) -> None:
    """No answer is cached, framed, sniffed or says where a client came from."""
    for path, status in (("/comments", 200), ("/nowhere", 404), ("/comments?x=1", 422)):
        headers = served.ask("GET", path, status=status, is_described=False).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_no_token_is_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a token nor a part of one is in the log, whether it is ours or a guess."""
    caplog.set_level("DEBUG")
    served.ask("GET", "/comments", status=200)
    served.ask("GET", "/comments", token="comenq_guess", status=401)
    served.put()
    assert "queued" in caplog.text
    for token in ("comenq_guess", *served.tokens.values()):
        assert token[:12] not in caplog.text


def test_root_and_others_read_no_token(served: Served) -> None:
    """The file holds no token, only what is kept of them, and is its owner's alone."""
    text = served.tokens_file.read_text()
    assert not any(token in text for token in served.tokens.values())
    assert served.tokens_file.stat().st_mode & 0o777 == 0o600
    assert served.tokens_file.stat().st_uid == os.geteuid()
