"""Lists what a plugin may use, for `scripts/generate`: each public name with its members.

docs/stability.md says what a change of this list means.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from types import FunctionType, ModuleType, UnionType
from typing import get_args

__all__ = ["MODULES", "listing"]

MODULES = (
    "comenq_core",
    "comenq_core.errors",
    "comenq_core.hookspecs",
    "comenq_core.model",
    "comenq_core.model.identity",
    "comenq_core.model.transitions",
    "comenq_core.protocols",
    "comenq_core.testing.clock",
    "comenq_core.testing.contract",
    "comenq_core.testing.contract.forge",
    "comenq_core.testing.contract.github_forge",
    "comenq_core.testing.forge",
    "comenq_core.testing.memory_store",
    "comenq_core.testing.strategies",
    "comenq_core.wire.codec",
)
"""What docs/plugins.md calls stable."""


class _Bare:
    """An annotation or a default that shows as it is written in a module, without quotes."""

    def __init__(self, text: object) -> None:
        self._text = text

    def __repr__(self) -> str:
        return str(self._text)


def listing() -> str:
    """All public names, a member a line, so that a change is a line in a review."""
    modules = [import_module(name) for name in MODULES]
    public = [found for module in modules[1:] for _, found in _named(module)]
    return "".join(f"{line}\n" for module in modules for line in _module(module, public))


def _named(module: ModuleType) -> Iterator[tuple[str, object]]:
    return ((name, getattr(module, name)) for name in sorted(module.__all__))


def _module(module: ModuleType, public: Sequence[object]) -> Iterator[str]:
    yield f"{module.__name__}:"
    for name, found in _named(module):
        yield f"    {name}{_kind(name, found)}"
        # What the package has from its modules is listed there.
        if isinstance(found, type) and not (module.__name__ == "comenq_core" and found in public):
            yield from (f"        {member}" for member in _members(found, public))


def _kind(name: str, found: object) -> str:
    if isinstance(found, FunctionType):
        return _signature(found)
    if isinstance(found, type):
        return f"({', '.join(base.__name__ for base in found.__bases__ if base is not object)})"
    if isinstance(found, str | int | float | tuple | frozenset) and name != "__version__":
        return f" = {_value(found)}"
    if isinstance(found, UnionType):
        return f" = {' | '.join(kind.__name__ for kind in get_args(found))}"
    return ""


def _members(found: type, public: Sequence[object]) -> Iterator[str]:
    if issubclass(found, Enum):
        yield from (f"{member.name} = {member.value!r}" for member in found)
        return
    if is_dataclass(found):
        parameters = inspect.signature(found).parameters
        # Settings, which are annotated, are on docs/reference/settings.md.
        own_fields = [one for one in fields(found) if not str(one.type).startswith("Annotated[")]
        yield from (str(_plain(parameters[field.name])) for field in own_fields)
    # What a class has from others that are not public is its own.
    own = [one for one in found.__mro__ if one is found or _is_hidden(one, public)]
    names = {name for one in own for name in vars(one) if _is_public(name, found)}
    for name in sorted(names):
        member = inspect.getattr_static(found, name)
        function = inspect.unwrap(getattr(member, "__func__", member))
        if isinstance(member, property):
            yield name
        elif isinstance(function, FunctionType) and function.__module__ != "typing":
            yield f"{name}{_signature(function)}"


def _is_hidden(found: type, public: Sequence[object]) -> bool:
    return found.__module__.startswith("comenq_core") and found not in public


def _is_public(name: str, owner: type) -> bool:
    return (name == "__init__" and not is_dataclass(owner)) or not name.startswith(("_", "test_"))


def _signature(function: FunctionType) -> str:
    signature = inspect.signature(function)
    return str(
        signature.replace(
            parameters=[_plain(parameter) for parameter in signature.parameters.values()],
            return_annotation=_Bare(signature.return_annotation),
        )
    )


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    annotation, default = parameter.annotation, parameter.default
    if annotation is not parameter.empty:
        parameter = parameter.replace(annotation=_Bare(annotation))
    return parameter if default is parameter.empty else parameter.replace(default=_value(default))


def _value(value: object) -> _Bare:
    """A value as a module would write it."""
    if isinstance(value, Enum):
        return _Bare(value.name)
    if isinstance(value, FunctionType):
        return _Bare(value.__name__)
    if isinstance(value, tuple | frozenset):
        items = [repr(_value(item)) for item in value]
        return _Bare(f"({', '.join(items if isinstance(value, tuple) else sorted(items))})")
    return _Bare(repr(value))
