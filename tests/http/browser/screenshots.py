"""Makes the pictures of the documentation: scripts/screenshots runs this."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.http.browser.scenes import REVIEW, TEXTS, Scene
from tests.http.browser.serving import queue_of, serving
from tests.http.browser.visitor import FLAGS, visiting

__all__ = ["PICTURES", "take"]

TARGET = Path(__file__).parents[3] / "docs" / "web"
PICTURES = ("page-light", "page-dark", "attention", "lanes", "phone")
SPACE = 20


def ordinary(scene: Scene) -> None:
    """A queue on an ordinary day."""
    scene.past()
    scene.put(*TEXTS[:3])
    scene.put("Wait for the release notes before this.", hold=True)
    scene.cool()


def troubled(scene: Scene) -> None:
    """A queue that needs a person."""
    scene.past(4)
    scene.put(TEXTS[0], REVIEW)
    scene.lose()
    scene.fail()
    scene.limit()
    scene.cool()


def take(browser: Browser, name: str, target: Path) -> Path:
    """Make one picture; return its file."""
    make: Callable[[Scene], None] = troubled if name in {"attention", "lanes"} else ordinary
    path = target / f"{name}.png"
    options = {
        "color_scheme": "dark" if name.endswith("dark") else "light",
        "viewport": {"width": 320 if name == "phone" else 900, "height": 760},
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
    }
    with Scene() as scene, tempfile.TemporaryDirectory() as directory:
        make(scene)
        with (
            serving(queue_of(scene.store), Path(directory)) as served,
            visiting(browser, served, **options) as visitor,
        ):
            page = visitor.log_in()
            if name == "page-light":
                page.locator("#queue summary").first.click()
            page.screenshot(path=path, **(around(page, "#lanes") if name == "lanes" else {}))
    return path


def around(page: Page, selector: str) -> dict[str, Any]:
    """What a picture has to show for a part of the page to be in it, with some space around it."""
    box = page.locator(selector).bounding_box()
    assert box
    clip = {
        "x": box["x"] - SPACE,
        "y": box["y"] - SPACE,
        "width": box["width"] + 2 * SPACE,
        "height": box["height"] + 2 * SPACE,
    }
    return {"full_page": True, "clip": clip}


def main() -> None:
    """Make all of them."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is needed: scripts/ci-packages installs it"
    TARGET.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in PICTURES:
            print(take(browser, name, TARGET))  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main()
