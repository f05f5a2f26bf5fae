"""The pacing record of each account, and the operator's pause."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.errors import InvalidRequest, PacingConflict, StoreError
from comenq_core.model import Pacing, Pause
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import repeated
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.rows import dump

__all__ = ["PacingRows", "pacing_or_none", "replace_pacing", "require_current"]


_CURRENT = "SELECT pacing FROM account WHERE name = %s FOR UPDATE"


class PacingRows(Queries):
    """Reads what keeps workers from posting, and lets operators change it."""

    def pacing(self) -> Mapping[str, Pacing]:
        with self._database.statement() as cursor:
            cursor.execute("SELECT pacing FROM account WHERE pacing IS NOT NULL ORDER BY name")
            records = [_pacing_from(value) for (value,) in cursor.fetchall()]
        return {record.account: record for record in records}

    def paused(self) -> Pause | None:
        with self._database.statement() as cursor:
            cursor.execute("SELECT pause FROM pause")
            (value,) = cursor.fetchone() or (None,)
        try:
            return from_json(Pause, value) if value else None
        except InvalidRequest as error:
            raise _damaged("pause") from error

    @repeated
    def pause(self, pause: Pause) -> None:
        """Record the pause. When this returns, no worker claims a job any more."""
        with self._database.transaction() as cursor:
            cursor.execute("UPDATE pause SET pause = %s", [dump(to_json(pause))])

    @repeated
    def resume(self) -> None:
        with self._database.transaction() as cursor:
            cursor.execute("UPDATE pause SET pause = NULL")


def replace_pacing(cursor: Cursor, record: Pacing, expect: Pacing | None) -> None:
    """Replace an account's record, if it is still ``expect``.

    Raises:
        PacingConflict: it is not.
    """
    name = record.account
    if (row := cursor.execute(_CURRENT, [name]).fetchone()) is None:
        cursor.execute("INSERT INTO account (name) VALUES (%s) ON CONFLICT DO NOTHING", [name])
        row = cursor.execute(_CURRENT, [name]).fetchone() or (None,)
    (value,) = row
    require_current(value, record, expect)
    cursor.execute("UPDATE account SET pacing = %s WHERE name = %s", [dump(to_json(record)), name])


def require_current(value: object, record: Pacing, expect: Pacing | None) -> None:
    """Check what the column ``pacing`` of an account's row has.

    Raises:
        PacingConflict: it is neither ``expect`` nor ``record``, which may be there already, from a
            transaction whose answer was lost.
    """
    if (_pacing_from(value) if value else None) not in (expect, record):
        raise PacingConflict(f"account {record.account}: its pacing record has changed")


def pacing_or_none(value: object) -> Pacing | None:
    """The pacing record in a column; ``None`` where there is none that can be read."""
    try:
        return from_json(Pacing, value)
    except InvalidRequest:
        return None


def _pacing_from(value: object) -> Pacing:
    record = pacing_or_none(value)
    if record is None:
        raise _damaged("account")
    return record


def _damaged(table: str) -> StoreError:
    return StoreError(
        f"PostgreSQL: the record in the table {table} cannot be read: nothing is posted until it"
        " is repaired or, if you accept that it is forgotten, set to NULL"
    )
