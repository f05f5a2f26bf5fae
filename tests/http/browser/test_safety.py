"""Other sites' pages, other names for this host, and comments that are written to deceive."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import expect

from comenq_core.model import Change, State
from tests.http.browser.scenes import Scene
from tests.http.browser.visitor import Visitor

HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>",
    "</pre></details></main><h1>Paused</h1>",
    "\u202egnp.exe\u202c looks like exe.png",
    "zero\u200bwidth\u200d joiners\x1b[31m",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt;",
    "W" * 60_000,
)


@contextmanager
def another_site(html: str) -> Iterator[str]:
    """A page on another port of this host, as any local user can make one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


FORMS = {
    "jobs/{}/delete": "",
    "jobs/{}/hold": "",
    "jobs/{}/edit": '<input name="body" value="forged">',
    "new": '<input name="target" value="o/r#1"><input name="body" value="forged">',
    "queue/pause": '<input name="reason" value="forged">',
    "logout": "",
}


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_port_changes_nothing(scene: Scene, visitor: Visitor, path: str) -> None:
    """The browser sends our cookie with it, and the daemon refuses it all the same."""
    (job,) = scene.put("One")
    page = visitor.log_in()
    action = visitor.served.url + path.format(job.id)
    html = f'<form method="post" action="{action}">{FORMS[path]}<button>Go</button></form>'
    with another_site(html) as address:
        page.goto(address)
        with page.expect_response(action) as got:
            page.get_by_role("button").click()
        assert got.value.status == 403
        cookies = got.value.request.all_headers()["cookie"]
        assert f"comenq_{visitor.served.port}=" in cookies
    page.goto(visitor.served.url)
    expect(visitor.job(job.id)).to_be_visible()
    assert scene.store.pending() == [job]
    assert scene.store.paused() is None


def test_another_site_cannot_show_the_page_in_a_frame(visitor: Visitor) -> None:
    """Nobody is led to click on what they do not see."""
    visitor.log_in()
    with another_site(f'<iframe src="{visitor.served.url}"></iframe>') as address:
        visitor.page.goto(address)
        frame = visitor.page.frame_locator("iframe")
        expect(frame.locator("main")).to_have_count(0)


def test_another_name_of_this_host_gets_nothing(visitor: Visitor) -> None:
    """A name that was made to lead here, as in DNS rebinding, is not answered."""
    answer = visitor.page.goto(f"http://evil.example:{visitor.served.port}/")
    assert answer
    assert answer.status == 421
    assert "Token" not in visitor.page.content()


def test_comments_are_shown_as_text(scene: Scene, visitor: Visitor) -> None:
    """What is written to deceive is neither run nor hidden, in every list and on its own page."""
    (failed, *_), held = scene.put(*HOSTILE), scene.put(*HOSTILE, hold=True)
    scene.store.change(failed.id, Change.BUMP)
    page = visitor.log_in()
    for summary in page.locator("#queue summary").all():
        summary.click()
    text = page.locator("#queue").inner_text()
    assert "<script>document.title='taken'</script>" in text
    assert r"\u202egnp.exe\u202c" in text
    assert r"zero\u200bwidth" in text
    assert r"\x1b[31m" in text
    assert "{{ 7 * 7 }} {% raw %} &lt;b&gt;" in text
    for job in held:
        page.goto(f"{visitor.served.url}jobs/{job.id}")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert "taken" not in page.title()
    assert visitor.errors == []
    assert all(job.state is State.WAITING for job in scene.store.pending(states=[State.WAITING]))


def test_reasons_and_links_from_outside_are_shown_as_text(scene: Scene, visitor: Visitor) -> None:
    """What a forge says is not trusted, and an address that is none of the web is no link."""
    scene.fail("<b>\u202e bad</b>")
    scene.pause("<script>document.title='taken'</script>")
    page = visitor.log_in()
    expect(page.locator("#failed .reason")).to_have_text(r"<b>\u202e bad</b>")
    expect(page.locator(".state")).to_contain_text("<script>")
    assert visitor.errors == []


def test_nobody_makes_up_a_notice(visitor: Visitor) -> None:
    """An address carries the code of a notice; another one says nothing."""
    page = visitor.log_in()
    page.goto(f"{visitor.served.url}?notice=Call+555&job=<b>")
    expect(page.locator("#notice")).to_be_empty()


def test_who_is_not_logged_in_comes_back_after_that(scene: Scene, visitor: Visitor) -> None:
    """The form leads to the page that was wanted, and to no other site's."""
    (job,) = scene.put("One")
    page = visitor.page
    page.goto(f"{visitor.served.url}jobs/{job.id}")
    page.get_by_label("Token").fill("comenq_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("no token of this daemon")
    page.get_by_label("Token").fill(visitor.served.manage_token)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{visitor.served.url}jobs/{job.id}")


@pytest.mark.parametrize("wanted", ["//evil.example/", "/\\evil.example", "https://evil.example/"])
def test_the_login_leads_to_no_other_site(visitor: Visitor, wanted: str) -> None:
    """An address in the address counts for nothing."""
    page = visitor.page
    page.goto(f"{visitor.served.url}login?next={wanted}")
    page.get_by_label("Token").fill(visitor.served.manage_token)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(visitor.served.url)


def test_the_token_is_nowhere_to_be_read(visitor: Visitor) -> None:
    """It is in no address and no page, and no script can read the cookie."""
    page = visitor.log_in()
    token = visitor.served.manage_token
    assert token not in page.content() + page.url
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert token not in str(cookie)
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    assert page.context.cookies() == []
