"""The records of lanes."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.errors import InvalidRequest, PacingConflict, StoreError
from comenq_core.model import Division, Lane, LaneRecord
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.database import repeated
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.rows import dump

__all__ = ["LaneRows"]

_CURRENT = "SELECT record FROM lane WHERE reviewer = %s AND scope = %s FOR UPDATE"
_ADD = "INSERT INTO lane (reviewer, scope, record) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_REPLACE = "UPDATE lane SET record = %s WHERE reviewer = %s AND scope = %s"


class LaneRows(Queries):
    """Reads what is known of lanes, and replaces it."""

    def divide(self, division: Division) -> None:
        """Rows get the key of their lane from now on."""
        self._division = division

    def lanes(self) -> Mapping[Lane, LaneRecord]:
        with self._database.statement() as cursor:
            cursor.execute("SELECT record FROM lane ORDER BY reviewer, scope")
            records = [_record_from(value) for (value,) in cursor.fetchall()]
        return {record.lane: record for record in records}

    @repeated
    def save_lane(self, record: LaneRecord, *, expect: LaneRecord | None) -> None:
        lane, new = record.lane, dump(to_json(record))
        with self._database.transaction() as cursor:
            if expect is None:
                cursor.execute(_ADD, [lane.reviewer, lane.scope, new])
            cursor.execute(_CURRENT, [lane.reviewer, lane.scope])
            (value,) = cursor.fetchone() or (None,)
            current = _record_from(value) if value else None
            # It may be there already, from a transaction whose answer was lost.
            if current not in (expect, record):
                raise PacingConflict(f"lane {lane}: its record has changed")
            cursor.execute(_REPLACE, [new, lane.reviewer, lane.scope])


def _record_from(value: object) -> LaneRecord:
    try:
        return from_json(LaneRecord, value)
    except InvalidRequest as error:
        raise StoreError(
            "PostgreSQL: a record in the table lane cannot be read: nothing is posted until it is"
            " repaired or, if you accept that it is forgotten, deleted"
        ) from error
