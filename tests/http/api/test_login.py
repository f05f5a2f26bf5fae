"""Browsers log in by a form once, and pages of others cannot use that."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from comenq_core.model.access import Scope
from comenq_core.process.token_file import add_token, remove_token
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.http.access import SESSION_SECONDS
from tests.http.api.serving import COMMENT, Served, serving

OURS = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """A browser as far as the server can tell.

    Args:
        url: of the server.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def post(self, path: str, headers: dict[str, str], **fields: str) -> requests.Response:
        """Post a form."""
        return self.session.post(
            self.url + path, fields, headers=headers, allow_redirects=False, timeout=DEADLINE
        )

    def log_in(self, token: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Send the login form from our own page."""
        return self.post("/login", OURS if headers is None else headers, token=token)

    def pause(self, headers: dict[str, str]) -> int:
        """Pause the queue as a script of a page would; return the answer's status."""
        answer = self.session.post(
            f"{self.url}/pause", json={"reason": "test"}, headers=headers, timeout=DEADLINE
        )
        return answer.status_code

    def reads(self) -> bool:
        """Whether the queue is shown."""
        answer = self.session.get(f"{self.url}/comments", headers=OURS, timeout=DEADLINE)
        return answer.status_code == 200


@pytest.fixture
def browser(served: Served) -> Iterator[Browser]:
    """A browser that is not logged in."""
    made = Browser(served.url)
    with made.session:
        yield made


def test_a_token_logs_in_and_out(served: Served, browser: Browser) -> None:
    """With the cookie of the login, a browser reads; after logging out, it does not."""
    assert not browser.reads()
    answer = browser.log_in(f" {served.tokens[Scope.MANAGE]}\n")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.reads()
    assert browser.post("/logout", OURS).status_code == 303
    assert not browser.reads()


@pytest.mark.parametrize("path", ["/", "/?queue=20&held=10", "/weeks.svg?narrow", "/jobs/x/edit"])
def test_a_login_leads_to_the_page_that_was_wanted(
    served: Served, browser: Browser, path: str
) -> None:
    """With all of its address: the part of a list that was shown is shown again."""
    refused = browser.session.get(
        f"{served.url}{path}", headers=OURS, allow_redirects=False, timeout=DEADLINE
    )
    query = parse_qs(urlsplit(refused.headers["location"]).query)
    assert query == {"next": [path]}
    token = served.tokens[Scope.READ]
    answer = browser.post("/login", OURS, token=token, next=query["next"][0])
    assert answer.headers["location"] == path


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "/?a=<b>", "/?a\r\nb: c",
     "?queue=20", "/#x", "/?next=//evil.example:80\n"],
)  # fmt: skip
def test_a_login_leads_nowhere_else(served: Served, browser: Browser, wanted: str) -> None:
    """What is no plain address of ours leads to the page."""
    answer = browser.post("/login", OURS, token=served.tokens[Scope.READ], next=wanted)
    assert answer.headers["location"] == "/"


def test_another_token_does_not(served: Served, browser: Browser) -> None:
    """What is no token of ours leads to the form again, and is not shown in it."""
    answer = browser.log_in("comenq_guess<b>")
    assert answer.status_code == 403
    assert "comenq_guess" not in answer.text
    assert not browser.session.cookies


def test_the_cookie_is_for_this_port_alone(served: Served, browser: Browser) -> None:
    """Its name has the port; no script can read it, and no other site sends it."""
    port = served.url.rpartition(":")[2]
    sent = browser.log_in(served.tokens[Scope.READ]).headers["set-cookie"]
    assert re.match(rf"comenq_{port}=[^;]+;", sent)
    words = {word.strip().lower() for word in sent.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= words
    assert "secure" not in words
    assert served.tokens[Scope.READ] not in sent


def test_behind_a_proxy_the_cookie_is_for_https_below_the_prefix(tmp_path: Path) -> None:
    """With an https address, the cookie is sent by https alone, and below the prefix alone."""
    with serving(tmp_path, url="https://queue.example:8443/outbox") as served:
        answer = Browser(served.url).log_in(
            served.tokens[Scope.READ], OURS | {"Host": "queue.example:8443"}
        )
    sent = answer.headers["set-cookie"]
    assert sent.startswith("comenq_8443=")
    words = {word.strip() for word in sent.split(";")[1:]}
    assert {"Secure", "Path=/outbox"} <= words
    assert answer.headers["location"] == "/outbox/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "OURS"}, 403),
        ({"Origin": "OURS"}, 200),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({}, 403),
    ],
)
def test_pages_of_others_change_nothing(
    served: Served, browser: Browser, headers: dict[str, str], status: int
) -> None:
    """A browser's change that comes from another port or site, or cannot tell, is refused."""
    browser.log_in(served.tokens[Scope.MANAGE])
    sent = {name: served.url if text == "OURS" else text for name, text in headers.items()}
    assert browser.pause(sent) == status
    assert bool(served.store.paused()) == (status == 200)


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_pages_of_others_neither_log_in_nor_out(
    served: Served, browser: Browser, path: str
) -> None:
    """A form of another port's page neither logs a browser in, nor out."""
    browser.log_in(served.tokens[Scope.READ])
    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}, {}):
        answer = browser.post(path, headers, token=served.tokens[Scope.MANAGE])
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert browser.reads()


def test_a_program_with_a_token_needs_no_origin(served: Served) -> None:
    """A bearer token is in no browser's cookie: what a program sends needs no Origin."""
    served.ask("POST", "/comments", COMMENT, status=202, Origin="http://127.0.0.1:1")


def test_a_login_survives_a_restart(tmp_path: Path) -> None:
    """The cookie holds after a restart of the daemon, on the same port, without a record of it."""
    with serving(tmp_path) as served:
        browser = Browser(served.url)
        browser.log_in(served.tokens[Scope.READ])
        (value,) = browser.session.cookies.values()
        tokens = served.tokens_file.read_text()
    with serving(tmp_path / "again") as served:
        served.tokens_file.write_text(tokens)
        name = f"comenq_{served.url.rpartition(':')[2]}"
        answer = requests.get(f"{served.url}/comments", cookies={name: value}, timeout=DEADLINE)
        assert answer.status_code == 200


def test_a_login_ends_with_its_token(served: Served, browser: Browser) -> None:
    """A removed token's login is refused, and also when another token has got its name."""
    token = add_token(served.tokens_file, "alice", Scope.MANAGE)
    browser.log_in(token)
    assert browser.reads()
    remove_token(served.tokens_file, "alice")
    assert not browser.reads()
    add_token(served.tokens_file, "alice", Scope.MANAGE)
    assert not browser.reads()


def test_a_login_ends_in_time(
    served: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two weeks, the token has to be shown again, whatever the browser keeps."""
    now = time.time()
    browser.log_in(served.tokens[Scope.READ])
    monkeypatch.setattr("time.time", lambda: now + SESSION_SECONDS - 60)
    assert browser.reads()
    monkeypatch.setattr("time.time", lambda: now + SESSION_SECONDS + 60)
    assert not browser.reads()


@pytest.mark.parametrize(
    "value",
    ["", "read", "read::", "read:9999999999:", "read:9999999999:" + "0" * 64, "read:-1:x",
     "read:99999999999999999999:x", "nobody:9999999999:x", "read:9999999999:ü"],
)  # fmt: skip
def test_a_forged_cookie_is_none(served: Served, value: str) -> None:
    """A cookie that the login has not made is as good as none."""
    name = f"comenq_{served.url.rpartition(':')[2]}"
    headers = {"Cookie": f"{name}={value}".encode()}
    answer = requests.get(f"{served.url}/comments", headers=headers, timeout=DEADLINE)
    assert answer.status_code == 401


def test_a_cookie_of_a_lesser_token_may_less(served: Served, browser: Browser) -> None:
    """A browser that has logged in with the scope read may not change anything."""
    browser.log_in(served.tokens[Scope.READ])
    assert browser.reads()
    assert browser.pause(OURS) == 403


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data"}, b"token=x", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"token=\xff", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"token=%ff", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&" * 100, 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"", 403),
    ],
)
def test_what_is_no_form_is_refused(
    served: Served, headers: dict[str, str], data: bytes, status: int
) -> None:
    """The login takes a form, and answers everything else with an error."""
    answer = requests.post(
        f"{served.url}/login", data=data, headers=headers | OURS, timeout=DEADLINE
    )
    assert answer.status_code == status
