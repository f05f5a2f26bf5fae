"""The README's picture of a terminal shows what the commands show."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon
from tests.process.terminal_picture import BEFORE, COMMANDS, PICTURE, draw, type_in

ROOT = Path(__file__).parents[2]
WORD = "{http://www.w3.org/2000/svg}text"


def words(picture: str) -> list[str]:
    """The texts of a picture, without what is another each time."""
    texts = [text.text or "" for text in fromstring(picture).iter(WORD)]  # noqa: S314 -- ours
    ids = (re.sub(r"\b[0-9a-hjkmnp-tv-z]{12}\b", "ID", text) for text in texts)
    return [re.sub(r"\d\d:\d\d \(in", "TIME (in", text) for text in ids]


def test_the_readme_has_the_picture() -> None:
    """It is shown, and begins with the commands that are typed."""
    assert f"({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
    shown = words(PICTURE.read_text())
    assert [f"$ {command}" for command in COMMANDS] == [
        text for text in shown if text.startswith("$ ")
    ]


def test_a_picture_has_each_word_in_its_place_and_colour() -> None:
    """A word begins at its column and line, in the colour that the terminal gave it."""
    (plain, coloured) = fromstring(draw("a\r\n  \x1b[33m<held>\x1b[0m\r\n")).iter(WORD)  # noqa: S314

    assert (plain.text, coloured.text) == ("a", "<held>")
    assert float(coloured.get("x", "")) > float(plain.get("x", ""))
    assert float(coloured.get("y", "")) > float(plain.get("y", ""))
    assert coloured.get("fill") != plain.get("fill")


@pytest.mark.full
def test_the_picture_is_what_is_shown_today(forge: Forge) -> None:
    """Typed again, the commands show the same but for ids and times."""
    with Daemon(forge.url, cooldown_period_seconds=900) as daemon:
        daemon.start()
        type_in(BEFORE, daemon)
        shown = draw(type_in(COMMANDS, daemon))

    assert words(shown) == words(PICTURE.read_text())
