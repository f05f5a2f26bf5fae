"""The file name of a job is its place in the queue. Pure.

``<order>-<due>-<id>-<digest>-<events>-<interruptions>[-<lane>].job``, for instance
``01764000000000000-0-7f3kq2m8x1ab-5tq0w9zr-0-0.job``:

order
    the place in the queue: microseconds since 1970 when it arrived, 17 digits; in ``done/`` and
    ``failed/``, when it was settled.
due
    not to be claimed before (in ``cur/``: not to be checked before), in microseconds since 1970;
    0 if at any time (in ``cur/``: being posted now). In ``failed/`` and ``deleted/``, 1 if the job
    was held, else 0.
id, digest
    the job's id, and a digest of target and body by which equal requests are found.
events
    how many events in the file count; a worker that dies after it has written one more, and
    before it has renamed the file, leaves that one to recovery.
interruptions
    how many workers have died while they had the job.
lane
    the key of the lane that the job had when the file got its name, in hex, which saves reading the
    job; none where the settings have no reviewers.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from comenq_core.model import ID_PATTERN

__all__ = ["LAST_ORDER", "Name", "micros", "moment", "more_advanced"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_COUNT = r"0|[1-9]\d{0,5}"
_PARTS = (
    r"\d{17}", r"0|[1-9]\d{0,17}", ID_PATTERN, rf"[{_ALPHABET}]{{8}}", _COUNT, _COUNT
)  # fmt: skip
_LANE = "(?:-((?:[0-9a-f]{2})+))?"
_FORM = re.compile("-".join(f"({part})" for part in _PARTS) + _LANE + r"\.job", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DUE = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

LAST_ORDER = 10**17 - 1
"""The largest order that a name has room for; a job with a larger one would not be found again."""


class Name(NamedTuple):
    """A job's file name, in parts; names compare in the order in which jobs are claimed."""

    order: int
    due: int
    id: str
    digest: str
    events: int = 0
    interruptions: int = 0
    lane: bytes = b""

    def __str__(self) -> str:
        lane = f"-{self.lane.hex()}" if self.lane else ""
        return (
            f"{self.order:017d}-{self.due}-{self.id}-{self.digest}"
            f"-{self.events}-{self.interruptions}{lane}.job"
        )

    @classmethod
    def parse(cls, text: str) -> Name | None:
        """The parts of a file name, or ``None`` if it is not a job's."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        order, due, job_id, digest, events, interruptions, lane = match.groups(default="")
        counts = int(events), int(interruptions)
        name = cls(int(order), int(due), job_id, digest, *counts, bytes.fromhex(lane))
        return name if name.due <= _LAST_DUE else None


def more_advanced(one: Name, other: Name) -> Name:
    """Which of two names of one job to keep, where a crash has left both."""
    return max(one, other, key=lambda name: (name.events, name.interruptions, name))


def micros(moment: datetime) -> int:
    """Microseconds since 1970, as names have them."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(since_epoch: int) -> datetime:
    """The instant that a name's microseconds mean."""
    return _EPOCH + timedelta(microseconds=since_epoch)
