"""How a command ends: its exit status, and the errors that lead to it."""

from __future__ import annotations

__all__ = ["DONE", "FAILED", "INTERRUPTED", "UNREACHABLE", "USAGE", "UsageError"]

DONE = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130


class UsageError(Exception):
    """The command line asks for something that cannot be meant; the text says what could be."""
