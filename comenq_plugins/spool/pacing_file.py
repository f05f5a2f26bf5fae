"""The spool's two small records: the pacing of each account, and the operator's pause.

The pause is one JSON file, replaced whole. The pacing is recorded twice a post: a line is
appended, which costs one sync of one file, and the last whole line counts. A line that a crash has
cut short was not recorded. Readers need no lock; writers hold one, because ``comenq resume`` and
``comenq flush`` change in the listener what the worker has recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

from comenq_core.errors import InvalidRequest, PacingConflict, StoreError
from comenq_core.model import Pacing, Pause
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit, read_own

__all__ = ["PacingFile"]

_LIMIT = 1 << 20
_FULL = 1 << 14
"""Bytes after which the file is replaced by one with the last line alone."""


class PacingFile:
    """Reads and replaces the two records of one spool."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._pacing = layout.path("pacing.jsonl")
        self._pause = layout.path("paused.json")
        self._lock = layout.records

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records, by account.

        Raises:
            StoreError: the file is damaged. Posting without it could be too early.
        """
        return self._last(self._read(self._pacing))

    def save_pacing(self, record: Pacing, expect: Pacing | None) -> None:
        """Replace an account's record, if it is still ``expect``."""
        with locked(self._lock):
            lines = self._read(self._pacing)
            records = dict(self._last(lines))
            # An earlier call may have written it, and only its fsync have failed.
            if records.get(record.account) not in (expect, record):
                raise PacingConflict(f"account {record.account}: its pacing record has changed")
            records[record.account] = record
            self._write_pacing(lines, records.values())

    def paused(self) -> Pause | None:
        """The operator's pause, if there is one."""
        data = self._read(self._pause)
        if data is None:
            return None
        try:
            return from_json(Pause, parse(data))
        except InvalidRequest as error:
            raise _damaged(self._pause) from error

    def pause(self, pause: Pause) -> None:
        """Record the operator's pause."""
        self._replace(self._pause, to_json(pause))

    def unpause(self) -> None:
        """End the operator's pause."""
        with suppress(FileNotFoundError):
            os.unlink(self._pause)
        durable.sync_directory(self._layout.root)

    def _last(self, lines: bytes | None) -> Mapping[str, Pacing]:
        if lines is None:
            return {}
        whole, _, _cut_short = lines.rpartition(b"\n")
        try:
            return {record.account: record for record in _pacing(whole.rpartition(b"\n")[2])}
        except InvalidRequest as error:
            raise _damaged(self._pacing) from error

    def _write_pacing(self, lines: bytes | None, records: Iterable[Pacing]) -> None:
        value = [to_json(record) for record in records]
        if lines is None or len(lines) > _FULL:
            self._replace(self._pacing, value)
        else:
            durable.append(self._pacing, lines.count(b"\n"), encode(value) + b"\n")

    def _replace(self, path: str, value: object) -> None:
        draft = self._layout.draft(os.path.basename(path))
        durable.create(draft, encode(value) + b"\n")
        durable.replace(draft, path)

    def _read(self, path: str) -> bytes | None:
        try:
            return read_own(path, _LIMIT)
        except FileNotFoundError:
            return None
        except Unfit as error:
            raise _damaged(path) from error


# The worker asks at every step, and the record changes only when it posts.
@lru_cache(maxsize=1)
def _pacing(data: bytes) -> Sequence[Pacing]:
    value = parse(data)
    if not isinstance(value, list):
        raise InvalidRequest("", "must be a JSON array")
    return [from_json(Pacing, record) for record in value]


def _damaged(path: str) -> StoreError:
    return StoreError(
        f"{path}: this record cannot be read: nothing is posted until it is repaired or, if you"
        " accept that the pace is forgotten, moved away"
    )
