"""Records as JSON and back, without loss: what a store keeps. Public, for stores of your own.

The annotations of `comenq_core.model` say how each member is read, so that a new member needs
nothing here. Types are the record's own affair: what is converted here is only what JSON has no
type for. Members that a record does not know are ignored, because a later version may have
written them. The words of earlier formats are read, and never written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from comenq_core.errors import InvalidRequest
from comenq_core.model import Answered, InvalidMember, State, Verdict
from comenq_core.wire.rfc3339 import format_time, parse_time
from comenq_core.wire.strict_json import below
from comenq_core.wire.vocabulary import (
    EARLIER_MEMBERS,
    EARLIER_STATES,
    EARLIER_VERDICTS,
    VERDICTS,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["from_json", "to_json", "verdict_from_json"]

_VERDICT_WORDS: Mapping[type, str] = {kind: word for word, kind in VERDICTS.items()}
Record = TypeVar("Record", bound="DataclassInstance")
Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)


class _Conversion(NamedTuple):
    """How a value is written that JSON has no type for, and how it is read."""

    write: Callable[[Any], object]
    read: Callable[[Any], object]
    """Its errors name what is below the value that it is given."""


def to_json(record: DataclassInstance) -> dict[str, Any]:
    """A record of `comenq_core.model` as a JSON object with all its members.

    A datetime becomes RFC 3339 in UTC, and a record within it an object. A verdict has its word,
    such as ``retry_at``, in the member ``verdict``.
    """
    word = _VERDICT_WORDS.get(type(record))
    return _write(record) if word is None else {"verdict": word, **_write(record)}


def from_json(kind: type[Record], value: object, path: str = "") -> Record:
    """The record that `to_json` made this JSON object of.

    Args:
        kind: a class of `comenq_core.model`; for a verdict, use `verdict_from_json`.
        value: the object. Members that have a default may be missing.
        path: where the value stands, for errors.

    Raises:
        InvalidRequest: a member is missing or wrong; the error names it, below ``path``.
    """
    return _read_at(path, partial(_read, kind), value)


def verdict_from_json(value: object) -> Verdict | Answered:
    """The verdict that `to_json` made this JSON object of.

    Raises:
        InvalidRequest: it is none; the error names the member that is wrong.
    """
    word = value.get("verdict") if isinstance(value, dict) else None
    kind = VERDICTS.get(EARLIER_VERDICTS.get(word, word)) if isinstance(word, str) else None
    if kind is None:
        raise InvalidRequest("verdict", f"must be one of {', '.join(VERDICTS)}")
    return from_json(kind, value)


def _write(record: DataclassInstance) -> dict[str, Any]:
    names, conversions = _shape(type(record))
    known = {name: getattr(record, name) for name in names}
    for name, conversion in conversions:
        if known[name] is not None:
            known[name] = conversion.write(known[name])
    return known


def _read(kind: type[Record], value: object) -> Record:
    if not isinstance(value, dict):
        raise InvalidRequest("", "must be a JSON object")
    if kind in EARLIER_MEMBERS:
        value = {EARLIER_MEMBERS[kind].get(name, name): item for name, item in value.items()}
    names, conversions = _shape(kind)
    known = {name: value[name] for name in names if name in value}
    for name, conversion in conversions:
        if known.get(name) is not None:
            known[name] = _read_at(name, conversion.read, known[name])
    try:
        return kind(**known)
    except InvalidMember as error:
        raise InvalidRequest(error.path, error.reason) from None
    except TypeError:  # a member is missing that has no default
        raise InvalidRequest("", f"is not a whole {kind.__name__}") from None


def _read_at(path: str, read: Callable[[Any], Value], value: object) -> Value:
    try:
        return read(value)
    except InvalidRequest as error:
        raise InvalidRequest(below(path, error.path), error.reason) from None


@cache
def _shape(kind: type[Any]) -> tuple[Sequence[str], Sequence[tuple[str, _Conversion]]]:
    """The names of a record's members, and how those are converted that JSON has no type for."""
    hints = get_type_hints(kind)
    found = [(name, _conversion(hint)) for name, hint in hints.items()]
    return list(hints), [(name, conversion) for name, conversion in found if conversion]


def _conversion(hint: Any) -> _Conversion | None:  # noqa: ANN401  (an annotation may be any object)
    if isinstance(hint, UnionType):
        return next(filter(None, map(_conversion, get_args(hint))), None)
    if get_origin(hint) is tuple:
        return _list_of(_conversion(get_args(hint)[0]))
    if isinstance(hint, type) and is_dataclass(hint):
        return _Conversion(_write, partial(_read, hint))
    if hint not in _CONVERSIONS and isinstance(hint, type) and issubclass(hint, StrEnum):
        return _Conversion(str, partial(_read_word, hint))
    return _CONVERSIONS.get(hint)


def _list_of(item: _Conversion | None) -> _Conversion:
    assert item, "a record has tuples of records only"

    def write(records: Sequence[object]) -> object:
        return [item.write(record) for record in records]

    def read(value: object) -> object:
        if not isinstance(value, list):
            raise InvalidRequest("", "must be a list")
        return tuple(_read_at(f"[{index}]", item.read, part) for index, part in enumerate(value))

    return _Conversion(write, read)


def _read_state(value: object) -> State:
    return EARLIER_STATES.get(str(value)) or _read_word(State, value)


def _read_word(kind: type[Word], value: object) -> Word:
    try:
        return kind(str(value))
    except ValueError:
        raise InvalidRequest("", f"must be one of {', '.join(kind)}") from None


_CONVERSIONS: Mapping[type, _Conversion] = {
    datetime: _Conversion(format_time, parse_time),
    State: _Conversion(str, _read_state),
}
