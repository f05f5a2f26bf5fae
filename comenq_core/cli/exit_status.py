"""Exit statuses of the commands, and the error for a wrong command line."""

from __future__ import annotations

__all__ = ["DONE", "FAILED", "INTERRUPTED", "UNREACHABLE", "USAGE", "UsageError"]

DONE = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130


class UsageError(Exception):
    """The command line is wrong; the text says what is expected."""
