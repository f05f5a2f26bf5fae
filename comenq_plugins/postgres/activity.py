"""What each worker does: a row for each place where a daemon runs."""

from __future__ import annotations

import os
import socket
from datetime import datetime

from comenq_core.errors import InvalidRequest
from comenq_core.model import Activity
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.rows import dump

__all__ = ["clear_activity", "place", "read_activity", "write_activity"]

_WRITE = (
    "INSERT INTO worker VALUES (%(place)s, %(activity)s, %(now)s) ON CONFLICT (place)"
    " DO UPDATE SET activity = excluded.activity, reported = excluded.reported"
)
# A machine that is gone, or a daemon's earlier start, leaves its row behind.
_CLEAR = "DELETE FROM worker WHERE place = %s OR reported < %s::timestamptz - interval '7 days'"
_READ = "SELECT activity FROM worker WHERE place = %s"


def place() -> str:
    """The name that listener and worker of one daemon share: their machine and their parent."""
    return f"{socket.gethostname()} {os.getppid()}"


def write_activity(cursor: Cursor, where: str, activity: Activity, now: datetime) -> None:
    """Replace the report of the worker at ``where``."""
    cursor.execute(_WRITE, {"place": where, "activity": dump(to_json(activity)), "now": now})


def clear_activity(cursor: Cursor, where: str, now: datetime) -> None:
    """Forget what an earlier worker has reported there, and what is old."""
    cursor.execute(_CLEAR, [where, now])


def read_activity(cursor: Cursor, where: str) -> Activity | None:
    """What the worker at ``where`` does, where it has reported that."""
    cursor.execute(_READ, [where])
    (value,) = cursor.fetchone() or (None,)
    try:
        return from_json(Activity, value)
    except InvalidRequest:
        return None
