"""Values of columns, such as no row makes a whole query fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.json import set_json_loads

__all__ = ["load_leniently"]

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2500, 1, 1, tzinfo=UTC)


def load_leniently(connection: psycopg.Connection[object]) -> None:
    """Let every value be read that the database can hold, each as something that can be used."""
    set_json_loads(_json_or_nothing, connection)
    connection.adapters.register_loader("timestamptz", _BoundedLoader)


def _json_or_nothing(text: str | bytes) -> object:
    """A JSON column's value; where Python cannot read it, something that is no record.

    One may be nested too deep, or have too long a number.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return Ellipsis


class _BoundedLoader(TimestamptzLoader):
    """Reads a time that Python does not have, such as infinity, as the nearest a job may have."""

    def load(self, data: Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            text = bytes(data)
            return _EARLIEST if text.startswith(b"-") or text.endswith(b"BC") else _LATEST
