"""Files of exact versions with their hashes, as uv and pip read them."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["normal", "read_pins"]

PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==.*(?:\n +--hash=.*)*", re.MULTILINE)


def read_pins(path: Path) -> dict[str, str]:
    """Read a file: each package, and the lines that say its version and its hashes."""
    return {normal(found[1]): found[0] for found in PIN.finditer(path.read_text())}


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub("[-_.]+", "-", name).lower()
