"""The records of lanes: a file to which a line is appended for each record that is replaced.

Of a lane, the last line counts. A line that a crash has cut short was not recorded. Readers need no
lock; writers hold that of the small records.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from comenq_core.errors import InvalidRequest, PacingConflict, StoreError
from comenq_core.model import Lane, LaneRecord
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit, read_own

__all__ = ["LaneFile"]

_LIMIT = 16 << 20
_SPARE = 50
"""How many lines may no longer count before the file is replaced by one without them."""


class LaneFile:
    """Reads and replaces the records of lanes in one spool."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.path("lanes.jsonl")
        self._layout = layout

    def lanes(self) -> Mapping[Lane, LaneRecord]:
        """The records, by lane.

        Raises:
            StoreError: the file is damaged. Posting without it could be too early.
        """
        return self._records(self._read() or b"")

    def save_lane(self, record: LaneRecord, expect: LaneRecord | None) -> None:
        """Replace a lane's record, if it is still ``expect``."""
        with locked(self._layout.records):
            lines = self._read()
            records = dict(self._records(lines or b""))
            # An earlier call may have written it, and only its fsync have failed.
            if records.get(record.lane) not in (expect, record):
                raise PacingConflict(f"lane {record.lane}: its record has changed")
            records[record.lane] = record
            count = lines.count(b"\n") if lines else 0
            if lines is None or count > 2 * len(records) + _SPARE:
                self._replace(records)
            else:
                durable.append(self._path, count, _line(record))

    def _replace(self, records: Mapping[Lane, LaneRecord]) -> None:
        draft = self._layout.draft("lanes.jsonl")
        durable.create(draft, b"".join(map(_line, records.values())))
        durable.replace(draft, self._path)

    def _records(self, lines: bytes) -> Mapping[Lane, LaneRecord]:
        try:
            return _records(lines[: lines.rfind(b"\n") + 1])
        except InvalidRequest as error:
            raise self._damaged() from error

    def _read(self) -> bytes | None:
        try:
            return read_own(self._path, _LIMIT)
        except FileNotFoundError:
            return None
        except Unfit as error:
            raise self._damaged() from error

    def _damaged(self) -> StoreError:
        return StoreError(
            f"{self._path}: the records of lanes cannot be read: nothing is posted until the file"
            " is repaired or, if you accept that the pace of reviewers is forgotten, moved away"
        )


def _line(record: LaneRecord) -> bytes:
    return encode(to_json(record)) + b"\n"


# The worker asks at every step, and the records change only when it posts.
@lru_cache(maxsize=1)
def _records(lines: bytes) -> Mapping[Lane, LaneRecord]:
    records = (from_json(LaneRecord, parse(line)) for line in lines.splitlines())
    return {record.lane: record for record in records}
