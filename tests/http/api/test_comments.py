"""Comments are queued, read and changed over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from comenq_core.model import Failed, State
from comenq_core.model.access import Scope
from comenq_core.testing.contract.harness import attempt_and_settle, put_in_state
from tests.http.api.serving import COMMENT, Served


def listed(served: Served, query: str = "") -> list[str]:
    """The bodies of the comments that a listing shows."""
    answer = served.ask("GET", f"/comments{query}", status=200)
    return [one["body"] for one in answer.json()["comments"]]


def test_a_comment_is_queued_and_can_be_read_where_location_says(served: Served) -> None:
    """A comment is answered with 202 and the address at which it is from then on."""
    answer = served.ask("POST", "/comments", COMMENT, status=202)
    shown = served.ask("GET", answer.headers["location"], status=200)
    assert answer.json() == shown.json() | {"expected_at": answer.json()["expected_at"]}
    assert (shown.json()["state"], shown.json()["body"]) == ("waiting", "Looks good.")
    assert answer.headers["etag"] == shown.headers["etag"]


def test_a_body_is_kept_byte_for_byte(served: Served) -> None:
    """Whatever JSON can hold of a comment is stored as it is."""
    body = 'a\r\n\t "ü" \\ 👩‍👩‍👧 \x00 end '
    assert served.ask("GET", f"/comments/{served.put(body=body)['id']}").json()["body"] == body


def test_a_job_remembers_the_token(served: Served) -> None:
    """A comment's origin names the intake and the token, and the client's own word for itself."""
    token = served.tokens[Scope.QUEUE]
    origin = served.ask("POST", "/comments", COMMENT, token=token).json()["origin"]
    assert (origin["intake"], origin["token"], origin["via"]) == ("http", "queue", "http queue")
    assert served.put(via="action")["origin"]["via"] == "action"


def test_an_idempotency_key_queues_once(served: Served) -> None:
    """The same key with the same comment gives the same job, whether in the header or the body."""
    keys: list[dict[str, Any]] = [
        {"Idempotency_Key": "build-7"},
        {"Idempotency_Key": '"build-7"'},
    ]
    ids = {served.ask("POST", "/comments", COMMENT, **one).json()["id"] for one in keys}
    ids.add(served.put(key="build-7")["id"])
    assert len(ids) == 1
    assert len(listed(served)) == 1


def test_a_key_with_another_comment_is_refused(served: Served) -> None:
    """The same key with another body is 422, and nothing is queued."""
    served.put(key="build-7")
    other = COMMENT | {"body": "Other."}
    problem = served.problem("POST", "/comments", other, Idempotency_Key="build-7")
    assert (problem["status"], problem["code"]) == (422, "wrong_state")
    assert listed(served) == ["Looks good."]


@pytest.mark.parametrize(
    ("key", "body", "path"),
    [
        ("a b", {}, "Idempotency-Key"),
        ('"', {}, None),
        ("", {}, "Idempotency-Key"),
        ("x" * 201, {}, "Idempotency-Key"),
        ("one", {"key": "two"}, "key"),
    ],
)
def test_a_wrong_key_is_refused(
    served: Served, key: str, body: dict[str, str], path: str | None
) -> None:
    """A key that breaks its rule, or differs from the body's, is 422."""
    answer = served.ask("POST", "/comments", COMMENT | body, Idempotency_Key=key)
    if path is None:
        assert answer.status_code == 202
    else:
        assert (answer.status_code, answer.json()["path"]) == (422, path)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"pr_number": 0}, "pr_number"),
        ({"pr_number": 1.0}, "pr_number"),
        ({"body": "  "}, "body"),
        ({"body": "x" * 262_145}, "body"),
        ({"owner": "no/slash"}, "owner"),
        ({"not_before": "tomorrow"}, "not_before"),
        ({"not_before": "2600-01-01T00:00:00Z"}, "not_before"),
        ({"colour": 1}, "colour"),
        ({"hold": "yes"}, "hold"),
        ({"replace": True}, "replace"),
        ({"via": "a\nb"}, "via"),
    ],
)
def test_what_breaks_a_rule_is_named(served: Served, members: dict[str, object], path: str) -> None:
    """A comment that breaks a rule is 422 with the member's name, and nothing is queued."""
    problem = served.problem("POST", "/comments", COMMENT | members)
    assert (problem["status"], problem["code"], problem["path"]) == (422, "invalid_request", path)
    assert listed(served) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"body":"a","body":"b"}',
        b'{"body":"\\ud800"}',
        b'{"pr_number":1e999}',
        b'{"pr_number":123456789012345678901}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_strict_json_is_refused(served: Served, data: bytes) -> None:
    """What two readers could understand differently is 422."""
    assert served.problem("POST", "/comments", data)["status"] == 422


def test_another_type_than_json_is_refused(served: Served) -> None:
    """A body of another type is 415, as a form on another site could send it."""
    data = json.dumps(COMMENT).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        problem = served.problem("POST", "/comments", data, Content_Type=kind)
        assert (problem["status"], problem["code"]) == (415, "unsupported_media_type")
    kind = "Application/JSON; charset=utf-8"
    served.ask("POST", "/comments", data, Content_Type=kind, status=202)


def test_a_listing_has_what_the_query_asks_for(served: Served) -> None:
    """State, repository, number and the client's word for itself choose what is listed."""
    served.put(body="one", via="action 1")
    served.put(body="two", repo="other")
    served.put(body="three", pr_number=8, hold=True)
    assert listed(served) == ["one", "two", "three"]
    assert listed(served, "?state=held") == ["three"]
    assert listed(served, "?state=held&state=waiting") == ["one", "two", "three"]
    assert listed(served, "?repo=octo-org/SITE") == ["one", "three"]
    assert listed(served, "?pr_number=8") == ["three"]
    assert listed(served, "?via=action") == ["one"]
    assert listed(served, "?awaiting=true") == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("?colour=1", "colour"),
        ("?state=waitng", "state[0]"),
        ("?repo=site", "repo"),
        ("?limit=0", "limit"),
        ("?limit=many", "limit"),
        ("?limit=1&limit=2", "limit"),
        ("?awaiting=yes", "awaiting"),
        ("?cursor=x", "cursor"),
        ("?cursor=%F0%9F", None),
        ("?via=%ff", None),
        ("?=1", None),
        ("?" + "&".join("state=held" for _ in range(60)), None),
    ],
)
def test_a_wrong_query_is_refused(served: Served, query: str, path: str | None) -> None:
    """A parameter that is not known or breaks its rule is 422."""
    problem = served.problem("GET", f"/comments{query}")
    assert problem["status"] == 422
    if path is not None:
        assert problem["path"] == path


def test_pages_follow_one_another(served: Served) -> None:
    """The cursor and the link of a page lead through all comments, in their order."""
    for number in range(5):
        served.put(body=str(number))
    seen: list[str] = []
    path, links = "/comments?limit=2&state=waiting", []
    while path:
        answer = served.ask("GET", path, status=200)
        seen += [one["body"] for one in answer.json()["comments"]]
        following = answer.json()["next"]
        link = answer.links.get("next", {}).get("url", "")
        assert bool(following) == bool(link)
        assert following is None or f"cursor={following}" in link
        links.append(link)
        path = f"/comments{link}" if link else ""
    assert seen == ["0", "1", "2", "3", "4"]
    assert len(links) == 3


def test_history_has_what_is_settled_newest_first(served: Served) -> None:
    """Posted and failed comments are listed, the newest first, or the failed ones alone."""
    for state in (State.POSTED, State.FAILED, State.SKIPPED):
        put_in_state(served.store, state)
        served.store.clock.advance(1)
    shown = served.ask("GET", "/history", status=200).json()["comments"]
    assert [one["state"] for one in shown] == ["skipped", "failed", "posted"]
    assert shown[2]["url"] == "https://forge.example/1"
    failed = served.ask("GET", "/history?failed=true&limit=1", status=200).json()["comments"]
    assert [one["state"] for one in failed] == ["failed"]


def test_every_state_fits_the_description(served: Served) -> None:
    """A comment in any state is shown as the description says."""
    for state in State:
        job = put_in_state(served.store, state)
        shown = served.ask("GET", f"/comments/{job.id}", status=200).json()
        assert shown["state"] == state
        assert (shown["position"] is None) == (state not in {"waiting", "posting", "checking",
                                                              "unconfirmed", "held"})  # fmt: skip


def test_changes_are_made(served: Served) -> None:
    """First, last, hold, release, delete and retry do what they are called."""
    first, second = served.put(body="1")["id"], served.put(body="2")["id"]
    served.ask("POST", f"/comments/{second}/first", status=200)
    assert listed(served) == ["2", "1"]
    served.ask("POST", f"/comments/{second}/last", status=200)
    assert listed(served) == ["1", "2"]
    assert served.ask("POST", f"/comments/{first}/hold").json()["state"] == "held"
    assert served.ask("POST", f"/comments/{first}/release").json()["state"] == "waiting"
    assert served.ask("DELETE", f"/comments/{first}").json()["state"] == "deleted"
    failed = put_in_state(served.store, State.FAILED)
    assert served.ask("POST", f"/comments/{failed.id}/retry").json()["state"] == "waiting"


def test_a_change_that_the_state_forbids_is_refused(served: Served) -> None:
    """A change of a posted comment is 409."""
    job = put_in_state(served.store, State.POSTED)
    problem = served.problem("POST", f"/comments/{job.id}/hold")
    assert (problem["status"], problem["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("job_id", ["0", "000000000000", "NOPE", "x" * 300, "%2e%2e", "a%0ab"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_a_comment_that_is_not_there_is_404(served: Served, method: str, job_id: str) -> None:
    """Only a whole id names a comment: the beginning of one could name another tomorrow."""
    body = {"body": "x"} if method == "PATCH" else None
    problem = served.problem(method, f"/comments/{job_id}", body, is_described=False)
    assert (problem["status"], problem["code"]) == (404, "no_such_job")


def test_a_beginning_of_an_id_changes_nothing(served: Served) -> None:
    """A shortened id, which the socket takes, is 404 here."""
    job_id = served.put()["id"]
    served.ask("DELETE", f"/comments/{job_id[:11]}", status=404)
    assert listed(served) == ["Looks good."]


def test_a_comment_is_edited(served: Served) -> None:
    """PATCH gives a comment another text, and it keeps its place."""
    job_id = served.put()["id"]
    served.put(body="after")
    served.ask("PATCH", f"/comments/{job_id}", {"body": "Better."}, status=200)
    assert listed(served) == ["Better.", "after"]
    problem = served.problem("PATCH", f"/comments/{job_id}", {"body": " "})
    assert (problem["status"], problem["path"]) == (422, "body")


def test_a_failed_comment_shows_its_attempts(served: Served) -> None:
    """Attempts are shown with what the forge said, even where UTF-8 has no form for it."""
    served.put()
    job = attempt_and_settle(served.store, Failed(reason="lone \ud800 surrogate"))
    shown = served.ask("GET", f"/comments/{job.id}", status=200).json()
    assert shown["reason"] == "lone ? surrogate"
    assert shown["attempts"][0]["status"] == 502
