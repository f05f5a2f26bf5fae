"""ETags: what has not changed is not sent again, and what has changed is not changed unseen."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from comenq_core.listener.queue import JobQueue
from comenq_core.model import Change, Entry, Origin, State
from comenq_core.model.access import Scope
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.http.api.representation import tag
from comenq_plugins.http.etags import matches
from tests.http.api.serving import Served, serving


@pytest.mark.parametrize("path", ["/comments", "/history", "/status", "/reviewers", "/comments/ID"])
def test_what_the_client_has_is_not_sent_again(served: Served, path: str) -> None:
    """A GET with the ETag of the last answer is 304 without a body, until something changes."""
    job_id = served.put(hold=True)["id"]
    path = path.replace("ID", job_id)
    first = served.ask("GET", path, status=200)
    again = served.ask("GET", path, If_None_Match=f'"x", W/{first.headers["etag"]}', status=304)
    assert (again.content, again.headers["etag"]) == (b"", first.headers["etag"])
    served.ask("GET", path, If_None_Match='"x"', status=200)
    served.ask("HEAD", path, If_None_Match="*", status=304)


def test_a_browser_is_not_sent_again_what_it_has(served: Served) -> None:
    """A proxy may have made its tag a weak one, or list others: pages, the plot and the style."""
    headers = {"Authorization": f"Bearer {served.tokens[Scope.MANAGE]}"}
    page = requests.get(f"{served.url}/", headers=headers, timeout=DEADLINE)
    style = re.findall('href="(/static/[^"]+css)"', page.text)
    for path in ("/", "/weeks", "/weeks.svg", *style):
        tag = requests.get(served.url + path, headers=headers, timeout=DEADLINE).headers["etag"]
        for known in (f"W/{tag}", f'"x", {tag}'):
            sent = headers | {"If-None-Match": known}
            again = requests.get(served.url + path, headers=sent, timeout=DEADLINE)
            assert (again.status_code, again.content) == (304, b"")
    assert style


def test_a_change_changes_the_tag(served: Served) -> None:
    """What a listing, a status or a comment shows has another ETag after a change."""
    job_id = served.put(hold=True)["id"]
    paths = ("/comments", "/status", f"/comments/{job_id}")
    before = {path: served.ask("GET", path).headers["etag"] for path in paths}
    served.store.change(job_id, Change.RELEASE)
    for path, old in before.items():
        assert served.ask("GET", path, If_None_Match=old, status=200).headers["etag"] != old


def test_the_place_of_a_comment_is_not_in_its_tag(served: Served) -> None:
    """A comment that others overtake is the same one: If-Match still holds."""
    job_id = served.put()["id"]
    old = served.ask("GET", f"/comments/{job_id}").headers["etag"]
    served.put(body="ahead", ahead=True)
    shown = served.ask("GET", f"/comments/{job_id}")
    assert (shown.json()["position"], shown.headers["etag"]) == (1, old)
    served.ask("POST", f"/comments/{job_id}/hold", If_Match=old, status=200)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"body": "Mine."}),
        ("DELETE", "", None),
        ("POST", "/hold", None),
        ("POST", "/first", None),
    ],
)
def test_what_has_changed_is_not_changed_unseen(
    served: Served, method: str, path: str, body: object
) -> None:
    """A change with the ETag of what a comment was is 412, with the ETag of what it is."""
    job_id = served.put()["id"]
    old = served.ask("GET", f"/comments/{job_id}").headers["etag"]
    served.ask("PATCH", f"/comments/{job_id}", {"body": "Theirs."}, If_Match=old, status=200)
    refused = served.ask(method, f"/comments/{job_id}{path}", body, If_Match=old, status=412)
    assert refused.json()["code"] == "changed"
    new = refused.headers["etag"]
    assert served.ask("GET", f"/comments/{job_id}").headers["etag"] == new
    served.ask(method, f"/comments/{job_id}{path}", body, If_Match=f'"x", {new}', status=200)


@pytest.mark.parametrize(("method", "path"), [("POST", "/release"), ("DELETE", "")])
def test_what_changes_in_between_is_not_changed_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    """An edit between the look at the ETag and the change is found as well."""
    edits = ["Theirs."]

    def wrap(queue: JobQueue) -> JobQueue:
        show = queue.show

        def show_and_edit(prefix: str) -> Entry:
            entry = show(prefix)
            if edits:
                queue.edit(prefix, edits.pop(), Origin(intake="test"))
            return entry

        monkeypatch.setattr(queue, "show", show_and_edit)
        return queue

    with serving(tmp_path, wrap=wrap) as served:
        shown = served.put(hold=True)
        problem = served.problem(method, f"/comments/{shown['id']}{path}", If_Match="*")
        assert (problem["status"], problem["code"]) == (409, "wrong_state")
        assert served.store.get(shown["id"]).state is State.HELD


def test_a_form_releases_the_text_that_was_shown(served: Served) -> None:
    """A button of the page carries what its visitor has read; after an edit, it is refused."""
    job_id = served.put(hold=True)["id"]
    headers = {"Authorization": f"Bearer {served.tokens[Scope.MANAGE]}"}
    address = f"{served.url}/jobs/{job_id}"
    page = requests.get(address, headers=headers, timeout=DEADLINE).text
    was = re.findall('name="was" value="([0-9a-f]{64})"', page)
    served.ask("PATCH", f"/comments/{job_id}", {"body": "Theirs."}, status=200)
    for expected in (409, 303):
        answer = requests.post(
            f"{address}/release", {"was": was}, headers=headers, timeout=DEADLINE,
            allow_redirects=False,
        )  # fmt: skip
        assert answer.status_code == expected
        assert (served.store.get(job_id).state is State.HELD) == (expected == 409)
        was = [sha256(b"Theirs.").hexdigest()]


def test_head_is_get_without_a_body(served: Served) -> None:
    """HEAD has the headers of GET, and no body."""
    for path in ("/comments", "/status", "/metrics", "/healthz"):
        shown = served.ask("GET", path, status=200, is_described=path == "/status")
        head = served.ask("HEAD", path, status=200)
        assert head.content == b""
        assert head.headers.get("etag") == shown.headers.get("etag")
        assert head.headers["content-type"] == shown.headers["content-type"]


def test_estimates_and_the_rest_of_a_disk_do_not_change_a_tag() -> None:
    """What changes all the time is in a tag by its minute and its magnitude."""
    seen = {"expected_at": "2026-12-01T09:00:01Z", "capacity": [{"remaining": 1_000_000}]}
    later = {"expected_at": "2026-12-01T09:00:59Z", "capacity": [{"remaining": 999_999}]}
    assert tag(seen) == tag(later)
    assert tag(seen) != tag(later | {"expected_at": "2026-12-01T09:01:00Z"})
    assert tag(seen) != tag(later | {"capacity": [{"remaining": 1_000}]})
    assert tag({"reason": "a"}) != tag({"reason": "b"})


def test_a_list_of_tags_names_each() -> None:
    """A header names one tag, several, or any by an asterisk."""
    assert matches('"a", W/"b"', '"b"')
    assert matches("*", '"b"')
    assert not matches('"a","c"', '"b"')
