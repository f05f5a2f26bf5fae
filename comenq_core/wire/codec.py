"""Records as JSON and back, without loss: what a store keeps.

The annotations of `comenq_core.model` say how each field is read, so that a new field needs
nothing here. Members that a record does not know are passed over: a later version may have
written them. The words of earlier formats are read, and never written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from functools import cache, partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from comenq_core.errors import InvalidRequest
from comenq_core.model import State, Verdict
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
_TYPE_WORDS = {str: "a text", int: "a whole number", bool: "true or false"}
_Reader = Callable[[Any], object]
"""Its errors name what is below the value that it is given."""
_Writer = Callable[[Any], object]
Record = TypeVar("Record", bound="DataclassInstance")


def to_json(record: DataclassInstance) -> dict[str, Any]:
    """All that is in a record of `comenq_core.model`, as values that JSON has.

    A verdict has its word, such as ``retry_at``, in the member ``verdict``.
    """
    word = _VERDICT_WORDS.get(type(record))
    return _members(record) if word is None else {"verdict": word, **_members(record)}


def from_json(kind: type[Record], value: object, path: str = "") -> Record:
    """The record of this kind that `to_json` has made a JSON object of.

    Args:
        kind: a class of `comenq_core.model`.
        value: what JSON says.
        path: where the value stands, for errors.

    Raises:
        InvalidRequest: a member is missing or wrong; the error names it, below ``path``.
    """
    try:
        return _read(kind, value)
    except InvalidRequest as error:
        raise InvalidRequest(below(path, error.path), error.reason) from None


def verdict_from_json(value: object) -> Verdict:
    """The verdict that `to_json` has made a JSON object of.

    Raises:
        InvalidRequest: it is none; the error names the member at fault.
    """
    word = value.get("verdict") if isinstance(value, dict) else None
    kind = VERDICTS.get(EARLIER_VERDICTS.get(word, word)) if isinstance(word, str) else None
    if kind is None:
        raise InvalidRequest("verdict", f"must be one of {', '.join(VERDICTS)}")
    return from_json(kind, value)


def _read(kind: type[Record], value: object) -> Record:
    if not isinstance(value, dict):
        raise InvalidRequest("", "must be a JSON object")
    value = _renamed(value, EARLIER_MEMBERS.get(kind, {}))
    name, known = "", {}
    try:
        for name, read in _readers(kind):
            if name in value:
                known[name] = read(value[name])
    except InvalidRequest as error:
        raise InvalidRequest(below(name, error.path), error.reason) from None
    try:
        return kind(**known)
    except (TypeError, ValueError):
        raise InvalidRequest("", f"is not a whole {kind.__name__}") from None


def _renamed(value: Mapping[str, Any], earlier: Mapping[str, str]) -> Mapping[str, Any]:
    return {earlier.get(name, name): item for name, item in value.items()} if earlier else value


def _members(record: DataclassInstance) -> dict[str, Any]:
    names, writers = _shape(type(record))
    known = {name: getattr(record, name) for name in names}
    for name, write in writers:
        if known[name] is not None:
            known[name] = write(known[name])
    return known


@cache
def _shape(kind: type[Any]) -> tuple[Sequence[str], Sequence[tuple[str, _Writer]]]:
    """The names of a record's fields, and how those are written that JSON has no type for."""
    hints = get_type_hints(kind)
    found = [(name, _writer(hint)) for name, hint in hints.items()]
    return list(hints), [(name, write) for name, write in found if write]


def _writer(hint: Any) -> _Writer | None:  # noqa: ANN401  (an annotation may be any object)
    if isinstance(hint, UnionType):
        return next(filter(None, map(_writer, get_args(hint))), None)
    if get_origin(hint) is tuple:
        return _list_writer(_writer(get_args(hint)[0]))
    if isinstance(hint, type) and is_dataclass(hint):
        return _members
    return format_time if hint is datetime else None


def _list_writer(write: _Writer | None) -> _Writer:
    return (lambda items: [write(item) for item in items]) if write else list


@cache
def _readers(kind: type[Any]) -> Sequence[tuple[str, _Reader]]:
    return [(name, _reader(hint)) for name, hint in get_type_hints(kind).items()]


def _reader(hint: Any) -> _Reader:  # noqa: ANN401  (an annotation may be any object)
    if isinstance(hint, UnionType):
        return _optional(get_args(hint))
    if get_origin(hint) is tuple:
        return _list_of(_reader(get_args(hint)[0]))
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(_read, hint)
    special = {datetime: _read_time, float: _read_number, State: _read_state}
    return special.get(hint) or _exactly(hint)


def _optional(hints: tuple[type, ...]) -> _Reader:
    kinds = [hint for hint in hints if hint is not NoneType]
    read = _reader(kinds[0]) if len(kinds) == 1 else _exactly(*kinds)
    return lambda value: None if value is None else read(value)


def _list_of(read: _Reader) -> _Reader:
    def read_list(value: object) -> object:
        if not isinstance(value, list):
            raise InvalidRequest("", "must be a list")
        return tuple(_read_item(read, item, index) for index, item in enumerate(value))

    return read_list


def _read_item(read: _Reader, item: object, index: int) -> object:
    try:
        return read(item)
    except InvalidRequest as error:
        raise InvalidRequest(below(f"[{index}]", error.path), error.reason) from None


def _exactly(*kinds: type) -> _Reader:
    def read(value: object) -> object:
        if type(value) not in kinds:  # True is no int here
            raise InvalidRequest("", f"must be {' or '.join(_TYPE_WORDS[kind] for kind in kinds)}")
        return value

    return read


def _read_number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise InvalidRequest("", "must be a number")


def _read_state(value: object) -> State:
    try:
        return EARLIER_STATES.get(str(value)) or State(str(value))
    except ValueError:
        raise InvalidRequest("", f"must be one of {', '.join(State)}") from None


def _read_time(value: object) -> datetime:
    try:
        return parse_time(str(value))
    except ValueError:
        wanted = "must be a time with its offset, as in 2026-12-01T09:00:00Z"
        raise InvalidRequest("", wanted) from None
