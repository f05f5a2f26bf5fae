"""docs/reference/log.md, whose rows are generated, says what each event means."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "log.md"


def test_every_event_has_a_meaning() -> None:
    """In the table of events, no row lacks its last cell."""
    rows = re.findall(r"^\| \w+ \| `(\w+)` \| [a-z, ]+ \| (.*) \|$", PAGE.read_text(), re.MULTILINE)

    assert rows
    assert [key for key, meaning in rows if not meaning.strip()] == []
