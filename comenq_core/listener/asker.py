"""Who asks for something, as the log has it."""

from __future__ import annotations

from comenq_core.model import Origin

__all__ = ["asker"]


def asker(by: Origin) -> dict[str, object]:
    """The members of a log line that tell who asks."""
    return {"uid": by.uid, "token": by.token}
