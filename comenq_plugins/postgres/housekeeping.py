"""Deletes what is old, in batches, once two readings of the clock agree that it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from comenq_core.errors import InvalidRequest
from comenq_core.model import Instant
from comenq_core.policy.pruning import UNSEEN_KEPT, agree
from comenq_core.process.log import Log
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.options import StoreOptions
from comenq_plugins.postgres.remembered import erase_deleted, forget, remember
from comenq_plugins.postgres.rows import dump

__all__ = ["prune"]

log = Log("postgres")

_AT_ONCE = 1_000


def prune(cursor: Cursor, now: Instant, forge_time: datetime | None, options: StoreOptions) -> bool:
    """Delete some of what two readings agree on; return whether there is more.

    The workers of all machines share their readings. Each is the database's time, with the boot and
    the clock since boot of the machine that read it: no database has a clock that nobody can set.
    So two readings of one machine are a day apart by its own clock, and for those of two machines
    the forge's clock has to confirm the database's.

    Args:
        now: the reading at this moment.
        forge_time: the same by the forge's clock, where it is known.
    """
    before = _readings(cursor)
    agreed, readings = agree(before, now, forge_time)
    if agreed:
        unseen_before = agreed - max(options.keep, UNSEEN_KEPT)
        count = erase_deleted(cursor, agreed - options.keep, _AT_ONCE)
        count += remember(cursor, agreed - options.keep, unseen_before, _AT_ONCE)
        count += forget(cursor, agreed - options.remember, _AT_ONCE)
        if count:
            log.info("pruned", "Old records were deleted.", count=count)
            return True
    if readings != before:
        cursor.execute("UPDATE clock SET readings = %s", [dump([*map(to_json, readings)])])
    return False


def _readings(cursor: Cursor) -> Sequence[Instant]:
    cursor.execute("SELECT readings FROM clock FOR UPDATE")
    (value,) = cursor.fetchone() or ([],)
    try:
        return tuple(from_json(Instant, one) for one in value)
    except (InvalidRequest, TypeError):
        # Without an earlier reading, this one is the first, and nothing is deleted yet.
        return ()
