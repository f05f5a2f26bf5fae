"""A person with a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from comenq_core.model.access import Scope
from tests.http.browser.serving import Served

__all__ = ["FLAGS", "WAIT_SECONDS", "Visitor", "visiting"]

WAIT_SECONDS = 60
"""How long a browser may take for anything: what is there takes a small part of a second."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    # A page of another name that was made to lead here.
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
)


class Visitor:
    """A person who looks at the page of a served queue.

    Args:
        page: the browser's tab.
        served: the queue's page.
    """

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served
        self.errors: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def log_in(self, scope: Scope = Scope.MANAGE) -> Page:
        """Show a token of this scope, and see the page."""
        self.page.goto(self.served.url)
        self.page.get_by_label("Token").fill(self.served.tokens[scope])
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.locator("main[data-board]")).to_be_visible()
        return self.page

    def refresh(self) -> None:
        """Have the page ask for what is new, as it does every few seconds and when it is seen."""
        with self.page.expect_response(self.page.url):
            self.wake()

    def wake(self) -> None:
        """Have the page believe that it comes into sight."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def job(self, job_id: str, list_name: str = "queue") -> Locator:
        """A job, in one of the lists."""
        return self.page.locator(f"#{list_name}-{job_id}")


@contextmanager
def visiting(browser: Browser, served: Served, **options: Any) -> Iterator[Visitor]:
    """A visitor with a browser that knows nothing of other ones; ``options`` are its context's."""
    context = browser.new_context(**options)
    context.set_default_timeout(WAIT_SECONDS * 1_000)
    expect.set_options(timeout=WAIT_SECONDS * 1_000)
    try:
        yield Visitor(context.new_page(), served)
    finally:
        context.close()
