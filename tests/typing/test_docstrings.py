"""Whoever reads a public name's documentation finds some, and finds all of its members in it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, get_origin, get_type_hints

import pytest

import comenq_core

PACKAGE = Path(comenq_core.__file__).parent
# As docs/plugins.md lists them.
PUBLIC = (
    "comenq_core",
    "comenq_core.errors",
    "comenq_core.hookspecs",
    "comenq_core.model",
    "comenq_core.protocols",
    "comenq_core.testing.clock",
    "comenq_core.testing.contract",
    "comenq_core.testing.forge",
    "comenq_core.testing.memory_store",
    "comenq_core.testing.strategies",
)


def public() -> dict[str, object]:
    """Every public name, with what it means."""
    modules = [import_module(name) for name in PUBLIC]
    return {
        name: getattr(module, name)
        for module in modules
        for name in module.__all__
        if name != "__version__"
    }


def documented(body: list[ast.stmt]) -> Iterator[str]:
    """The names that are given a value in a block, and have a docstring below that."""
    for statement, below in pairwise(body):
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            if isinstance(statement, ast.AnnAssign):
                yield ast.unparse(statement.target)
            elif isinstance(statement, ast.Assign):
                yield from map(ast.unparse, statement.targets)


@cache
def values() -> set[str]:
    """The names that are documented so, anywhere in the package."""
    return {
        name
        for path in PACKAGE.rglob("*.py")
        for name in documented(ast.parse(path.read_text()).body)
    }


def is_told(kind: type, field: str) -> bool:
    """Whether a record's docstring, the field's own or its annotation tells what a field is."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    arguments = re.search(rf"^ *(\w+, )*{field}(, \w+)*: ", kind.__doc__ or "", re.MULTILINE)
    is_annotated = get_origin(get_type_hints(kind, include_extras=True)[field]) is Annotated
    return bool(arguments) or is_annotated or field in documented(tree.body)


@pytest.mark.parametrize("name", public())
def test_each_public_name_has_a_docstring(name: str) -> None:
    """A class or function has its own, and so has each of its public methods; a value, too."""
    meaning = public()[name]
    if not inspect.isclass(meaning) and not inspect.isfunction(meaning):
        assert name in values()
        return
    text = vars(meaning)["__doc__"] if inspect.isclass(meaning) else meaning.__doc__
    assert text
    assert not text.startswith(f"{name}(")  # what a dataclass makes of itself
    methods = vars(meaning).items() if inspect.isclass(meaning) else ()
    for method, value in methods:
        if not method.startswith("_") and isinstance(value, property | type(public)):
            assert value.__doc__, method


@pytest.mark.parametrize(
    "name", [name for name, meaning in public().items() if dataclasses.is_dataclass(meaning)]
)
def test_each_member_of_a_public_record_is_told(name: str) -> None:
    """A record's docstring says what each of its members is."""
    kind = public()[name]
    assert isinstance(kind, type)
    assert dataclasses.is_dataclass(kind)
    assert [one.name for one in dataclasses.fields(kind) if not is_told(kind, one.name)] == []
