"""JSON Schema of what `comenq_core.wire.codec` writes of a record, from its annotations. Pure."""

from __future__ import annotations

from dataclasses import is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["TIME", "nullable", "object_of", "record_schema"]

TIME = {"type": "string", "format": "date-time"}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    datetime: TIME,
}


def record_schema(kind: type, *omitted: str) -> dict[str, Any]:
    """The schema of a record's object, without these members."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name not in omitted}
    return object_of({name: _schema(hint) for name, hint in hints.items()})


def object_of(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    """The schema of an object that has all these members, but for the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what this one describes, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _schema(hint: Any) -> dict[str, Any]:  # noqa: ANN401  (an annotation may be any object)
    if isinstance(hint, UnionType):
        return _union([_schema(one) for one in get_args(hint)])
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if isinstance(hint, type) and is_dataclass(hint):
        return record_schema(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": list(map(str, hint))}
    return _PLAIN[hint]


def _union(parts: list[dict[str, Any]]) -> dict[str, Any]:
    others = [one for one in parts if one != _PLAIN[NoneType]]
    made = others[0] if len(others) == 1 else {"type": [one["type"] for one in others]}
    if len(others) == len(parts):
        return made
    if isinstance(made["type"], list):
        return {"type": [*made["type"], "null"]}
    return nullable(made)
