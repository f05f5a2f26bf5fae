"""What replies show: as the socket does, but instants in place of seconds, and ETags. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from comenq_core import __version__
from comenq_core.model import PENDING, Entry, LaneStatus, Status
from comenq_core.wire.messages import entry_to_json, lane_to_json, status_to_json
from comenq_core.wire.rfc3339 import format_time
from comenq_core.wire.strict_json import encode

__all__ = ["comment", "comment_tag", "lane", "status", "tag"]

_INSTANTS = {"eta_seconds": "expected_at", "post_in": "post_at", "opens_in": "opens_at"}
"""Members that count seconds from now, and those that take their place."""
_MINUTE = len("2026-12-01T09:00")
TAG_DIGITS = 32


def comment(entry: Entry, now: datetime) -> dict[str, Any]:
    """A comment, with its place in the queue while it is in it."""
    value = entry_to_json(entry)
    if not value.pop("eta_known"):
        value["eta_seconds"] = None
    if entry.job.state not in PENDING:
        value["position"] = None
    return _object_with_instants(value, now)


def status(current: Status, now: datetime) -> dict[str, Any]:
    """The queue at one moment."""
    return {**_object_with_instants(status_to_json(current), now), "version": __version__}


def lane(current: LaneStatus, now: datetime) -> dict[str, Any]:
    """A lane of a reviewer."""
    return _object_with_instants(lane_to_json(current), now)


def _with_instants(value: object, now: datetime) -> object:
    if isinstance(value, list):
        return [_with_instants(item, now) for item in value]
    return _object_with_instants(value, now) if isinstance(value, dict) else value


def _object_with_instants(value: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        _INSTANTS.get(name, name): _instant(item, now)
        if name in _INSTANTS
        else _with_instants(item, now)
        for name, item in value.items()
    }


def _instant(seconds: float | None, now: datetime) -> str | None:
    if seconds is None:
        return None
    moment = (now + timedelta(seconds=seconds)).astimezone(UTC)
    return format_time(moment.replace(microsecond=0))


def tag(value: object) -> str:
    """The ETag of what a reply shows.

    An estimate counts by its minute, and what is left of a disk by its magnitude: they change all
    the time and say nothing new.
    """
    return f'"{hashlib.sha256(encode(_lasting(value))).hexdigest()[:TAG_DIGITS]}"'


def comment_tag(shown: Mapping[str, Any]) -> str:
    """The ETag of a comment: of what it is, and not of the place that others leave to it."""
    moving = {"position", "expected_at", "notes", "replaced"}
    return tag({name: item for name, item in shown.items() if name not in moving})


def _lasting(value: object) -> object:
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _lasting_member(name, item) for name, item in value.items()}


def _lasting_member(name: str, item: object) -> object:
    if name in _INSTANTS.values() and isinstance(item, str):
        return item[:_MINUTE]
    if name == "remaining" and isinstance(item, int):
        return item.bit_length()
    return _lasting(item)
