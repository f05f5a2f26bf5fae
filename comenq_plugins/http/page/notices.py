"""What the page says after a change. Addresses carry its code, so that nobody can make up words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from comenq_core.model import ID_PATTERN

__all__ = ["notice"]

NOTICES: Mapping[str, str] = {
    "queued": "The comment is queued.",
    "first": "The comment is the first in the queue.",
    "last": "The comment is the last in the queue.",
    "hold": "The comment is held: it is not posted until it is released.",
    "release": "The comment is released.",
    "retry": "The comment waits again.",
    "restore": "The comment waits again.",
    "delete": "The comment is deleted. The history keeps it for a while.",
    "edit": "The comment has its new text.",
    "posted": "The comment counts as posted.",
    "not_posted": "The comment waits again, since it is not posted.",
    "pause": "The queue is paused.",
    "resume": "The queue is resumed.",
    "seen": "The failed comments count as seen.",
    "open": "The lane is open.",
}


def notice(query: Mapping[str, str]) -> tuple[str, str]:
    """The sentence that an address asks for, and the id of the job that it is about."""
    job_id = query.get("job", "")
    text = NOTICES.get(query.get("notice", ""), "")
    return text, job_id if text and re.fullmatch(ID_PATTERN, job_id) else ""
