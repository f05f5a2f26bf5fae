"""One browser for all tests of the page, and a page for each of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.http.browser.scenes import Scene
from tests.http.browser.serving import Served, queue_of, serving
from tests.http.browser.visitor import FLAGS, Visitor, visiting

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium as Debian packages it. While it runs, this thread's event loop is taken."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: scripts/ci-packages installs it")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A queue in memory that has a worker."""
    with Scene() as made:
        yield made


@pytest.fixture
def served(scene: Scene, tmp_path: Path) -> Iterator[Served]:
    """What serves the scene."""
    with serving(queue_of(scene.store), tmp_path) as up:
        yield up


@pytest.fixture
def visitor(browser: Browser, served: Served) -> Iterator[Visitor]:
    """A person with a browser who has not logged in."""
    with visiting(browser, served) as visit:
        yield visit
