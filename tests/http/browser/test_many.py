"""Ten thousand jobs: the page shows parts of them, and stays small."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from comenq_core.model import CommentRequest, NewJob, Origin
from tests.http.browser.scenes import Scene
from tests.http.browser.serving import queue_of, serving
from tests.http.browser.visitor import Visitor, visiting
from tests.spool.rig import open_at

PAGE_BYTES = 100_000


def new_jobs(count: int) -> list[NewJob]:
    """So many comments, of some lines each."""
    origin = Origin(intake="unix", uid=0, via="mcp claude-code")
    return [
        NewJob(
            request=CommentRequest(
                owner="octo-org", repo="site", pr_number=number, body=f"Number {number}\n\n" * 100
            ),
            origin=origin,
        )
        for number in range(1, count + 1)
    ]


def sizes_of(page: Page) -> list[int]:
    """The sizes of what a browser loads from now on."""
    sizes: list[int] = []

    def add(response: Response) -> None:
        if response.status == 200:
            sizes.append(len(response.body()))

    page.on("response", add)
    return sizes


def check(page: Page, total: str) -> None:
    """The first part and another one are shown, and all that is loaded is small."""
    sizes = sizes_of(page)
    page.reload()
    expect(page.locator("#queue .title")).to_have_count(20)
    expect(page.locator("#queue .count")).to_have_text(total)
    assert 0 < sum(sizes) < PAGE_BYTES
    page.get_by_role("navigation", name="The queue").get_by_role("link", name="More").click()
    expect(page.locator("#queue .title").first).to_have_text("Number 21")


def test_many_jobs_are_shown_in_parts(scene: Scene, visitor: Visitor) -> None:
    """The first view of a long queue is small, and the rest is a click away."""
    scene.store.put(new_jobs(300))
    check(visitor.log_in(), "300")


@pytest.mark.full
def test_ten_thousand_jobs_of_a_spool(browser: Browser, tmp_path: Path) -> None:
    """A spool of so many is shown like any other, up to its end."""
    store = open_at(tmp_path / "queue")
    for part in range(0, 10_000, 1_000):
        store.put(new_jobs(10_000)[part : part + 1_000])
    try:
        with serving(queue_of(store), tmp_path) as served, visiting(browser, served) as visitor:
            check(visitor.log_in(), "10,000")
            visitor.page.goto(f"{served.url}?queue=9980")
            expect(visitor.page.locator("#queue .title").last).to_have_text("Number 10000")
            assert visitor.errors == []
    finally:
        store.close()
