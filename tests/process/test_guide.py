"""The pages show what was really typed, and what really came of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon
from tests.process.pages import DOCS, NO_VARYING, VARYING, Session, plain, sessions

TOKYO = Path("/usr/share/zoneinfo/Asia/Tokyo")
needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="the page needs jq")
needs_zones = pytest.mark.skipif(not TOKYO.exists(), reason="the page needs the time zones")


@pytest.mark.parametrize(
    ("page", "varying"),
    [
        ("guide", VARYING),
        pytest.param("agents", VARYING, marks=[needs_jq, pytest.mark.full]),
        pytest.param("cookbook", VARYING, marks=needs_jq),
        pytest.param("time-zones", NO_VARYING, marks=[needs_jq, needs_zones, pytest.mark.full]),
    ],
)
def test_page_shows_what_happens(
    forge: Forge, page: str, varying: tuple[tuple[str, str], ...]
) -> None:
    """Typed one after the other to a new daemon, its commands show what it says they show."""
    with Daemon(forge.url, cooldown_period_seconds=900) as daemon:
        session = Session(daemon.start())
        for command, shown in sessions(DOCS / f"{page}.md"):
            seen = plain(session.do(command, shown), varying)
            assert (command, seen) == (command, plain(shown, varying))
