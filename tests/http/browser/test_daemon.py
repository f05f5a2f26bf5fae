"""The page of a whole daemon, as a user starts it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from comenq_core.testing.forge import Forge
from tests.http.browser.serving import answers, reserved_port
from tests.http.browser.visitor import WAIT_SECONDS
from tests.process.daemon import Daemon
from tests.socket.serving import until


@pytest.mark.full
def test_a_daemon_that_is_killed_is_missed_and_found_again(browser: Browser) -> None:
    """The page outlives the daemon, and shows what the next one posts."""
    with (
        reserved_port() as port,
        Forge() as forge,
        Daemon(forge.url, intakes=["unix", "http"]) as daemon,
    ):
        daemon.change(**{"http.listen": f"127.0.0.1:{port}"})
        daemon.start()
        until(lambda: answers(port))
        token = daemon.comenqd("token", "create", "me", "--scope", "manage").split()[-1]
        context = browser.new_context()
        expect.set_options(timeout=WAIT_SECONDS * 1_000)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Log in").click()
        daemon.put("One")
        expect(page.locator("#history .title")).to_have_text(["One"])
        daemon.kill()
        expect(page.get_by_role("alert")).to_contain_text("has not answered since")
        daemon.start()
        expect(page.get_by_role("alert")).to_be_hidden()
        daemon.put("Two")
        expect(page.locator("#history .title")).to_have_text(["Two", "One"])
        context.close()
