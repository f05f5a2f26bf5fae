"""Exit statuses of the commands, and the error for a wrong command line."""

from __future__ import annotations

__all__ = [
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "NEEDS_PERSON",
    "TIMED_OUT",
    "UNREACHABLE",
    "USAGE",
    "UsageError",
]

DONE = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3
TIMED_OUT = 4
"""The wait has lasted long enough; the comment is queued."""
NEEDS_PERSON = 5
"""The comment is queued, and is not posted before a person has done something; or the daemon's
reply was lost, and only a look shows whether what was asked for is done."""
INTERRUPTED = 130


class UsageError(Exception):
    """The command line is wrong; the text says what is expected."""
