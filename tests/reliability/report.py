"""What the tests print, so that docs/reliability.md need not guess. `pytest -s` shows it."""

from __future__ import annotations

import sys

__all__ = ["report"]


def report(text: str) -> None:
    """Print one line."""
    sys.stdout.write(f"\n{text}\n")
