"""Text files of what is public: a change of the program shows as a change of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Compare = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the files anew."""
    parser.addoption("--renew", action="store_true", help="write tests/stability/*.txt anew")


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Compare:
    """Compares a text with the file of a name, or writes the file."""

    def compare(name: str, text: str) -> None:
        file = Path(__file__).with_name(name)
        if request.config.getoption("renew", default=False):
            file.write_text(text)
        told = "what is public has changed: see docs/stability.md, and run pytest tests/stability"
        assert text.splitlines() == file.read_text().splitlines(), f"{told} --renew"

    return compare
