"""jsonschema, set up for schemas of our own: strict about integers, and quick.

These schemas refer to nothing, and each request is checked against one. What jsonschema spends
on references and on open sets of types is spared; its rules are the same. docs/performance.md
says what that is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, TypeChecker, ValidationError, validators
from jsonschema.protocols import Validator

__all__ = ["Validator", "validator_of"]

Schema = Mapping[str, Any]
Errors = Iterable[ValidationError]

_TYPES: Mapping[str, Callable[[object], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    # To JSON Schema 1.0 is an integer, and to Python True is one.
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


def validator_of(schema: Schema) -> Validator:
    """What checks values against this schema. It takes as long to make as fifty checks."""
    made: Validator = _Strict(schema)
    return made


class _Types(TypeChecker):
    def is_type(self, instance: object, type: str) -> bool:  # noqa: A002  (the library's word)
        return _TYPES[type](instance)


# jsonschema's types know nothing of what is used here, hence `Any` for a validator.


def _type(validator: Any, types: str | list[str], value: object, schema: Schema) -> Errors:  # noqa: ANN401
    if isinstance(types, str) and _TYPES[types](value):
        return ()
    found: Errors = Draft202012Validator.VALIDATORS["type"](validator, types, value, schema)
    return found


def _properties(
    validator: Any,  # noqa: ANN401
    properties: Schema,
    value: object,
    _schema: Schema,
) -> Iterator[ValidationError]:
    """Pass over a member that conforms; have one that does not described by the library.

    The library itself makes a validator for each member of each value, to follow references.
    """
    if not isinstance(value, dict):
        return
    for name, schema in properties.items():
        if name in value and not _conforms(validator, value[name], schema):
            yield from validator.descend(value[name], schema, path=name, schema_path=name)


def _conforms(validator: Any, value: object, schema: Schema) -> bool:  # noqa: ANN401
    keywords = validator.VALIDATORS
    for word, rule in schema.items():
        keyword = keywords.get(word)
        errors = keyword and keyword(validator, rule, value, schema)
        if errors and next(errors, None):
            return False
    return True


_Strict: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={"properties": _properties, "type": _type},
    type_checker=_Types(),
)
