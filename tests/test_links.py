"""The documentation points at what is there, and begins with what to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page for where in (".", "docs", "docs/*", "examples/*") for page in ROOT.glob(f"{where}/*.md")
)


def titles(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's titles."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each link to a file or a title of this repository leads to one that exists."""
    for link in re.findall(r"\]\(((?!https?:)[^)\s]+)\)", page.read_text()):
        path, _, title = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not title or title in titles(target), link


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_page_begins_with_the_command_that_one_came_for(page: Path) -> None:
    """A command, or the setting, stands before the first part of a page, and near its top."""
    top = page.read_text().partition("\n## ")[0].split("\n\n")[:3]
    assert any(block.startswith("    ") for block in top)
