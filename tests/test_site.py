"""The documentation is a site that scripts/docs builds, and that needs nothing from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import sync_playwright

from comenq_core.testing.deadline import DEADLINE
from tests.http.browser.visitor import FLAGS

ROOT = Path(__file__).parents[1]
PARTS = (
    "*.md",
    "zensical.toml",
    "docs",
    "scripts",
    "examples",
    "benchmarks",
    "conf",
    "packaging",
    "comenq_plugins/http/static",
)
LOADED = {"script": "src", "link": "href", "img": "src", "source": "srcset", "iframe": "src"}
CHROMIUM = shutil.which("chromium")


class Loads(HTMLParser):
    """What a browser fetches by itself for a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag refers to."""
        address = dict(attrs).get(LOADED.get(tag, ""))
        if address:
            self.found.append(address)


def checkout(directory: Path) -> Path:
    """A copy of what the site is made of."""
    for part in PARTS:
        for source in ROOT.glob(part):
            target = directory / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
    return directory


def build(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run ``scripts/docs build`` there."""
    return subprocess.run(
        [directory / "scripts" / "docs", "build"],
        env=os.environ | {"COMENQ_PYTHON": sys.executable, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built."""
    directory = checkout(tmp_path_factory.mktemp("site"))
    done = build(directory)
    assert (done.returncode, done.stderr) == (0, "")
    return directory / "build" / "site"


@pytest.mark.xdist_group("site")
def test_the_site_has_every_page(site: Path) -> None:
    """Each page is built without a warning, and found by the search."""
    sources = [*(ROOT / "docs").rglob("*.md")]
    built = {site / source.relative_to(ROOT).with_suffix("") / "index.html" for source in sources}
    found = {item["location"].partition("#")[0] for item in json.loads(
        (site / "search.json").read_text())["items"]}  # fmt: skip

    assert [page for page in built if not page.is_file()] == []
    assert {f"{page.parent.relative_to(site)}/" for page in built} <= found


@pytest.mark.xdist_group("site")
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    """Scripts, style sheets and pictures are the site's own, and each of them is there."""
    for page in site.rglob("*.html"):
        for address in Loads(page).found:
            path = address.partition("?")[0]
            assert "://" not in path, page
            assert page.name == "404.html" or (page.parent / path).exists(), (page, path)


@pytest.mark.full  # tests/test_links.py looks at the links, too
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    """A page, or a title of a page, that is not there is an error."""
    directory = checkout(tmp_path)
    (directory / "docs" / "states.md").write_text("# States\n\n[a](gone.md) [b](guide.md#gone)\n")
    done = build(directory)

    assert done.returncode == 1
    assert "page does not exist" in done.stderr
    assert "anchor does not exist" in done.stderr


def test_the_menu_and_the_pages_agree(tmp_path: Path) -> None:
    """A page that is not in the menu is an error, and so is an entry without its page."""
    directory = checkout(tmp_path)
    (directory / "docs" / "states.md").rename(directory / "docs" / "forgotten.md")
    done = build(directory)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "docs/forgotten.md: is not in the menu; add it to nav in zensical.toml",
        "zensical.toml: nav lists docs/states.md, which is not there",
    ]


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    handler = partial(SimpleHTTPRequestHandler, directory=os.fspath(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.full
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: scripts/ci-packages installs it")
@pytest.mark.xdist_group("site")
def test_a_browser_searches_the_site_offline(address: str) -> None:
    """A browser reads and searches the site, and asks no other server for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.keyboard.press("Control+k")
        page.keyboard.type("cooldown_period_seconds")
        page.get_by_role("link", name="Settings").first.wait_for()
        browser.close()

    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
