"""The page keeps itself up to date, and disturbs nobody who uses it meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.http.browser.scenes import Scene
from tests.http.browser.visitor import Visitor


@pytest.mark.full
def test_what_is_new_is_shown_by_itself(scene: Scene, visitor: Visitor) -> None:
    """After some seconds, a comment that is queued appears without a reload."""
    visitor.log_in()
    (job,) = scene.put("One")
    expect(visitor.job(job.id)).to_be_visible()


def test_what_is_new_is_shown(scene: Scene, visitor: Visitor) -> None:
    """A comment that is queued appears without a reload, and goes once it is posted."""
    page = visitor.log_in()
    (job,) = scene.put("One")
    visitor.refresh()
    expect(visitor.job(job.id)).to_be_visible()
    scene.finish()
    visitor.refresh()
    expect(visitor.job(job.id, "history")).to_be_visible()
    expect(visitor.job(job.id)).to_have_count(0)
    assert page.title() == "Nothing waits · comenq"


def test_nothing_is_lost_over_a_refresh(scene: Scene, visitor: Visitor) -> None:
    """What is open stays open, what is typed stays typed, and the focus stays where it is."""
    scene.put("One", "Two\n\nits text")
    page = visitor.log_in()
    second = page.locator("#queue .job").nth(1)
    second.locator("summary").click()
    page.get_by_text("Pause the queue").click()
    reason = page.get_by_label("Reason")
    reason.fill("half a reason")
    reason.evaluate("field => field.setSelectionRange(2, 5)")
    scene.finish()
    visitor.refresh()
    expect(page.locator("#history .title")).to_have_text(["One"])
    expect(page.get_by_text("its text")).to_be_visible()
    expect(reason).to_have_value("half a reason")
    expect(reason).to_be_focused()
    assert reason.evaluate("field => [field.selectionStart, field.selectionEnd]") == [2, 5]


def test_the_focus_stays_on_a_comment_that_moves(scene: Scene, visitor: Visitor) -> None:
    """A comment that somebody else moves keeps the focus, and keeps its text selected."""
    jobs = scene.put("One", "Two", "Three\n\nits text")
    page = visitor.log_in()
    summary = visitor.job(jobs[2].id).locator("summary")
    summary.click()
    page.evaluate(
        "text => getSelection().selectAllChildren(document.querySelector(text))",
        f"#queue-{jobs[2].id} pre",
    )
    summary.focus()
    scene.first(jobs[2].id)
    visitor.refresh()
    expect(page.locator("#queue .title").first).to_have_text("Three")
    expect(summary).to_be_focused()
    assert "its text" in page.evaluate("getSelection().toString()")


def test_nothing_is_sent_while_nothing_changes(scene: Scene, visitor: Visitor) -> None:
    """The second answer is that the page is as it was, although time goes on."""
    scene.cool()
    scene.put("One", "Two")
    scene.limit()
    page = visitor.log_in()
    visitor.refresh()
    with page.expect_response(lambda answer: answer.status == 304):
        visitor.wake()


def test_it_says_since_when_the_daemon_does_not_answer(scene: Scene, visitor: Visitor) -> None:
    """A daemon that ends is missed, with the time, and is back as soon as it answers again."""
    page = visitor.log_in()
    visitor.served.stop()
    visitor.wake()
    expect(page.get_by_role("alert")).to_have_text(
        re.compile(r"The daemon has not answered since \d.*:\d\d:\d\d")
    )
    scene.put("Meanwhile")
    visitor.served.start()
    visitor.wake()
    expect(page.locator("#queue .title")).to_have_text(["Meanwhile"])
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_error_of_the_daemon_is_told_from_no_answer(visitor: Visitor) -> None:
    """A daemon that answers with an error is not called lost: the page says which error it is."""
    page = visitor.log_in()
    tokens = visitor.served.directory / "http_tokens"
    tokens.chmod(0o644)
    visitor.wake()
    expect(page.get_by_role("alert")).to_have_text(
        re.compile(r"Error 503: The daemon cannot read its tokens; .* here is from \d.*:\d\d")
    )
    tokens.chmod(0o600)
    visitor.wake()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_proxy_that_answers_for_a_lost_daemon_is_told_from_it(visitor: Visitor) -> None:
    """What a proxy says in the daemon's place is shown as the proxy's."""
    page = visitor.log_in()
    page.route(visitor.served.url, lambda route: route.fulfill(status=502, body="Bad Gateway"))
    visitor.wake()
    expect(page.get_by_role("alert")).to_contain_text("Error 502: a proxy has no answer")


def test_a_button_that_does_not_reach_the_daemon_says_so(scene: Scene, visitor: Visitor) -> None:
    """Nothing is lost, and nobody takes it for done."""
    scene.put("One", hold=True)
    page = visitor.log_in()
    visitor.served.stop()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("alert")).to_contain_text("has not answered")
    expect(page.locator("#notice")).to_be_empty()
    visitor.served.start()
    page.get_by_role("button", name="Release").click()
    expect(page.locator("#notice")).to_contain_text("released")


def test_who_is_logged_out_sees_nothing_more(scene: Scene, visitor: Visitor) -> None:
    """A token that is removed ends what its browser sees at the next refresh."""
    page = visitor.log_in()
    visitor.served.remove_tokens()
    visitor.wake()
    expect(page.get_by_label("Token")).to_be_visible()


def test_the_page_can_be_held_still(scene: Scene, visitor: Visitor) -> None:
    """Without the tick at Live, nothing changes, even after a reload; with it, all does."""
    page = visitor.log_in()
    page.get_by_label("Live").uncheck()
    scene.put("One")
    visitor.wake()
    page.reload()
    scene.put("Two")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type))
    visitor.wake()
    expect(page.locator("#queue .title")).to_have_text(["One"])
    assert "fetch" not in asked
    page.get_by_label("Live").check()
    expect(page.locator("#queue .title")).to_have_text(["One", "Two"])
