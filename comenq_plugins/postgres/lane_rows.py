"""The records of lanes."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.errors import InvalidRequest, PacingConflict, StoreError
from comenq_core.model import Division, Job, Lane, LaneRecord
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.database import repeated
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.rows import dump

__all__ = ["LaneRows"]

_CURRENT = "SELECT record FROM lane WHERE reviewer = %s AND scope = %s FOR UPDATE"
_ADD = "INSERT INTO lane (reviewer, scope, record) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_REPLACE = "UPDATE lane SET record = %s WHERE reviewer = %s AND scope = %s"


# Each part is found in an index of its own.
_WAITING = (
    "SELECT (SELECT count(*) FROM job WHERE state = 'waiting' AND due IS NULL AND lane = %(lane)s)"
    " + (SELECT count(*) FROM job WHERE state = 'waiting' AND due IS NOT NULL AND lane = %(lane)s)"
)
# As for the position in the queue, in one lane alone.
_POSITION = (
    "WITH turn AS (SELECT greatest(coalesce(due, %(now)s), %(now)s) AS due, place FROM job"
    " WHERE id = %(id)s),"
    " bound AS (SELECT CASE WHEN due > %(now)s THEN 9223372036854775807 ELSE place END AS place"
    " FROM turn)"
    " SELECT (SELECT count(*) FROM job WHERE state = 'waiting' AND due IS NULL"
    " AND lane = %(lane)s AND place < (SELECT place FROM bound))"
    " + (SELECT count(*) FROM job, turn WHERE job.state = 'waiting' AND job.due IS NOT NULL"
    " AND lane = %(lane)s AND (greatest(job.due, %(now)s), job.place) < (turn.due, turn.place))"
)


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

    def position_in(self, lane: Lane, job: Job | None = None) -> int:
        key = self._division.key_of(lane)
        with self._database.statement() as cursor:
            if job is None:
                cursor.execute(_WAITING, {"lane": key})
            else:
                now = self._clock(cursor).wall
                cursor.execute(_POSITION, {"id": job.id, "now": now, "lane": key})
            (count,) = cursor.fetchone() or (0,)
            return int(count)

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
