"""What the pages on operation quote is what comenq says."""

from __future__ import annotations

import re

import pytest

from tests.service.wheelhouse import CHECKOUT

SOURCE = re.sub(
    r"""["'] *\n\s*f?["']""",  # a text in several lines is one
    "",
    "".join(
        path.read_text()
        for name in ("comenq_core", "comenq_plugins")
        for path in sorted((CHECKOUT / name).rglob("*.py"))
    ),
)
PAGE = (CHECKOUT / "docs/troubleshooting.md").read_text()
# What others than comenq say: systemd, and the C library by way of it.
OTHERS = ("status=", "Start request", "mv: ", "No space", "403", "404", "422")


def quoted() -> list[str]:
    """The messages in the first columns of the tables, with … for what varies."""
    first = re.findall(r"(?m)^\| `([^`]+)`", PAGE)
    return [text for text in first if not text.lstrip("… ").startswith(OTHERS)]


@pytest.mark.parametrize("message", quoted())
def test_a_message_that_is_explained_exists(message: str) -> None:
    """Each part of a message in the tables of troubleshooting stands in the source."""
    parts = [part.strip(" :") for part in re.split(r"…|no such file or directory", message)]
    missing = [part for part in parts if part not in SOURCE]
    assert not missing
