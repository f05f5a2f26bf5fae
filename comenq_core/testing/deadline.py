"""How long a test waits for something before it fails."""

from __future__ import annotations

__all__ = ["DEADLINE"]

DEADLINE = 600.0
"""Seconds: many times what anything takes, even on a busy machine. It only ends what hangs."""
