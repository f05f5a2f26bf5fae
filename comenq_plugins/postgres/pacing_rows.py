"""The pacing record of each account, and the operator's pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from comenq_core.errors import InvalidRequest, PacingConflict, StoreError
from comenq_core.model import Pacing, Pause
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.rows import dump

__all__ = ["pacing", "pause", "paused", "resume", "save_pacing"]


def pacing(cursor: Cursor) -> Mapping[str, Pacing]:
    """The pacing records, by account."""
    cursor.execute("SELECT pacing FROM account WHERE pacing IS NOT NULL ORDER BY name")
    records = [_pacing_from(value) for (value,) in cursor.fetchall()]
    return {record.account: record for record in records}


def save_pacing(cursor: Cursor, record: Pacing, expect: Pacing | None) -> None:
    """Replace an account's record, if it is still ``expect``.

    Raises:
        PacingConflict: it is not.
    """
    name = record.account
    cursor.execute("INSERT INTO account (name) VALUES (%s) ON CONFLICT DO NOTHING", [name])
    cursor.execute("SELECT pacing FROM account WHERE name = %s FOR UPDATE", [name])
    (value,) = cursor.fetchone() or (None,)
    current = _pacing_from(value) if value else None
    # It may be there already, from a transaction whose answer was lost.
    if current not in (expect, record):
        raise PacingConflict(f"account {name}: its pacing record has changed")
    _save(cursor, record)


def resume(cursor: Cursor) -> None:
    """End the pause, and forget which credentials were rejected."""
    cursor.execute("UPDATE pause SET pause = NULL")
    cursor.execute("SELECT pacing FROM account WHERE pacing IS NOT NULL ORDER BY name FOR UPDATE")
    for (value,) in cursor.fetchall():
        record = _pacing_from(value)
        if record.rejected_credential:
            _save(cursor, replace(record, rejected_credential=""))


def pause(cursor: Cursor, record: Pause) -> None:
    """Record the pause, after the claims that have begun."""
    cursor.execute("UPDATE pause SET pause = %s", [dump(to_json(record))])


def paused(cursor: Cursor) -> Pause | None:
    """The pause, if there is one."""
    cursor.execute("SELECT pause FROM pause")
    (value,) = cursor.fetchone() or (None,)
    try:
        return from_json(Pause, value) if value else None
    except InvalidRequest as error:
        raise _damaged("pause") from error


def _save(cursor: Cursor, record: Pacing) -> None:
    given = [dump(to_json(record)), record.account]
    cursor.execute("UPDATE account SET pacing = %s WHERE name = %s", given)


def _pacing_from(value: Any) -> Pacing:  # noqa: ANN401 -- whatever JSON holds
    try:
        return from_json(Pacing, value)
    except InvalidRequest as error:
        raise _damaged("account") from error


def _damaged(table: str) -> StoreError:
    return StoreError(
        f"PostgreSQL: the record in the table {table} cannot be read: nothing is posted until it"
        " is repaired or, if you accept that it is forgotten, set to NULL"
    )
