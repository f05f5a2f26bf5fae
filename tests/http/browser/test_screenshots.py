"""The pictures of the documentation show the page as it is made."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.http.browser.screenshots import PICTURES, TARGET, take

SMALL = 80_000


def size_of(picture: Path) -> tuple[int, int]:
    """The width and the height of a PNG, which begins with them."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", head[16:])
    return width, height


@pytest.mark.parametrize("name", PICTURES)
def test_the_documentation_has_the_picture(name: str) -> None:
    """Each is in docs/web, small, and shown by the documentation."""
    picture = TARGET / f"{name}.png"
    assert picture.stat().st_size < SMALL
    assert f"(web/{name}.png)" in (TARGET.parent / "web.md").read_text()


@pytest.mark.full
@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_can_be_made_again(browser: Browser, tmp_path: Path, name: str) -> None:
    """`scripts/screenshots` makes one of the same size; no pixel is compared."""
    assert size_of(take(browser, name, tmp_path)) == size_of(TARGET / f"{name}.png")
