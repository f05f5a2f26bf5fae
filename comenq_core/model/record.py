"""What all records share: each checks the types of its members when it is made. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["InvalidMember", "Record", "check_members"]

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    datetime: "a time with its offset, as in 2026-12-01T09:00:00Z",
}


class InvalidMember(ValueError):
    """A record cannot be made, because a member of it breaks a rule.

    Args:
        path: the name of the member.
        reason: the rule that it breaks.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class Record:
    """The base of records: dataclasses whose members have the types of their annotations.

    Raises:
        InvalidMember: a member has another type, or is a datetime without an offset.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        check_members(self)


def check_members(record: Record, error: Callable[[str, str], Exception] = InvalidMember) -> None:
    """Check that each member of a record has the type of its annotation.

    ``True`` is no number, and a datetime needs an offset: without one it would mean another
    instant on another machine. The items of a tuple are records, which have checked themselves.

    Args:
        record: the record.
        error: what to raise; it is called with the name of the member and the rule.
    """
    kind: Any = type(record)
    for name, exact, kinds, expected in _rules(kind):
        value = getattr(record, name)
        if type(value) not in exact and not _is_one_of(kinds, value):
            raise error(name, f"must be {expected}")


@cache
def _rules(record: type[Any]) -> Sequence[tuple[str, Sequence[type], Sequence[type], str]]:
    """Of each member the name, the types that suffice, all types that it can have, and in words."""
    return [(name, *_rule(hint)) for name, hint in get_type_hints(record).items()]


def _rule(hint: Any) -> tuple[Sequence[type], Sequence[type], str]:  # noqa: ANN401  (an annotation may be any object)
    parts = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    kinds = tuple(get_origin(part) or part for part in parts)
    words = [
        _WORDS.get(kind) or f"of type {kind.__name__}" for kind in kinds if kind is not NoneType
    ]
    return [kind for kind in kinds if kind is not datetime], kinds, " or ".join(words)


def _is_one_of(kinds: Sequence[type], value: object) -> bool:
    if isinstance(value, datetime):
        return datetime in kinds and value.tzinfo is not None
    if isinstance(value, int) and not isinstance(value, bool):
        return int in kinds or float in kinds
    return isinstance(value, tuple(kinds)) and not isinstance(value, bool)
