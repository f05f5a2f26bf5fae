"""Checks JSON against a schema, and says what is wrong in words.

Each description in a schema completes the sentence "must be …" in the error message. The messages
of jsonschema are not used, because they quote the value, which may be a megabyte.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from comenq_core.errors import InvalidRequest
from comenq_core.text import nearest
from comenq_core.wire.strict_json import member

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["Schema", "check_by", "validator"]

Schema = Mapping[str, Any]


def validator(schema: Schema) -> Validator:
    """What `check_by` checks by.

    Args:
        schema: JSON Schema; in it, everything that can be wrong has a description, which completes
            the sentence "must be …".
    """
    made: Validator = _strict()(schema)
    return made


def check_by(rules: Validator, value: object) -> None:
    """Check a value by what `validator` has made of a schema.

    Raises:
        InvalidRequest: it does not conform; the error names the member and the rule.
    """
    error = next(rules.iter_errors(cast("Any", value)), None)
    if error is not None:
        raise _invalid(error)


@cache
def _strict() -> Any:  # noqa: ANN401  (its stubs leave it untyped)
    """The class of validators to which 1.0 is no integer, as it is to JSON Schema."""
    # Only a listener pays for this import: no client could wait for it.
    from jsonschema import Draft202012Validator, validators

    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    )
    return validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, type_checker=types
    )


def _invalid(error: ValidationError) -> InvalidRequest:
    path = ""
    for step in error.absolute_path:
        path = member(path, step)
    schema: Any = error.schema
    value: Any = error.instance
    known = schema.get("properties", {})
    if error.validator == "additionalProperties":
        name = next(name for name in value if name not in known)
        meant = nearest(name, known)
        others = f"known are {', '.join(known)}" if known else "nothing is"
        hint = f"did you mean {meant}?" if meant else others
        return InvalidRequest(member(path, name), f"is not known here; {hint}")
    if error.validator == "required":
        name = next(name for name in schema["required"] if name not in value)
        wanted = known[name]["description"]
        return InvalidRequest(member(path, name), f"is missing; it must be {wanted}")
    return InvalidRequest(path, f"must be {schema['description']}")
