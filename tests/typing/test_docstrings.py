"""Every public name is documented, with all of its members."""

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
from tests.plugins.page import PAGE

PACKAGE = Path(comenq_core.__file__).parent
LISTING = Path(__file__).parents[1] / "stability" / "python.txt"
"""Each public module, and below it, indented, its names."""
PUBLIC = [line[:-1] for line in LISTING.read_text().splitlines() if not line.startswith(" ")]


def public() -> dict[str, object]:
    """Every public name, with its value."""
    modules = [import_module(name) for name in PUBLIC]
    return {
        name: getattr(module, name)
        for module in modules
        for name in module.__all__
        if name != "__version__"
    }


def documented(body: list[ast.stmt]) -> Iterator[str]:
    """The names in a block that are assigned a value and have a docstring below it."""
    for statement, below in pairwise(body):
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            if isinstance(statement, ast.AnnAssign):
                yield ast.unparse(statement.target)
            elif isinstance(statement, ast.Assign):
                yield from map(ast.unparse, statement.targets)


@cache
def values() -> set[str]:
    """The names that have such a docstring, anywhere in the package."""
    return {
        name
        for path in PACKAGE.rglob("*.py")
        for name in documented(ast.parse(path.read_text()).body)
    }


def is_documented(kind: type, field: str) -> bool:
    """Whether a field is described in its record's docstring, its own, or its annotation.

    What a record inherits is described where it comes from.
    """
    bases = [base for base in kind.__bases__ if dataclasses.is_dataclass(base)]
    if any(field in (one.name for one in dataclasses.fields(base)) for base in bases):
        return any(is_documented(base, field) for base in bases)
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    arguments = re.search(rf"^ *(\w+, )*{field}(, \w+)*: ", kind.__doc__ or "", re.MULTILINE)
    is_annotated = get_origin(get_type_hints(kind, include_extras=True)[field]) is Annotated
    return bool(arguments) or is_annotated or field in documented(tree.body)


@pytest.mark.parametrize("name", public())
def test_each_public_name_has_a_docstring(name: str) -> None:
    """Each public class, function, method and value has a docstring of its own."""
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
    "name",
    [
        name
        for name, meaning in public().items()
        if isinstance(meaning, type) and dataclasses.is_dataclass(meaning)
    ],
)
def test_each_field_of_a_public_record_is_documented(name: str) -> None:
    """A record's docstring describes each of its fields."""
    kind = public()[name]
    assert isinstance(kind, type)
    assert dataclasses.is_dataclass(kind)
    assert [one.name for one in dataclasses.fields(kind) if not is_documented(kind, one.name)] == []


def test_the_page_lists_the_public_modules() -> None:
    """docs/plugins.md names the modules of this list as stable or for tests, and no others."""
    page = PAGE.read_text()
    stable = page.partition("\n## What is stable\n")[2].partition("\nA plugin that uses only")[0]
    tools = re.findall(r"^\| `(comenq_core\.testing[.\w]*)` \|", page, re.MULTILINE)
    listed = {
        name.removesuffix(".__all__") for name in re.findall(r"`(comenq_core[.\w]*)`", stable)
    }
    listed.remove("comenq_core.testing")  # which stands for its modules in the table
    assert {*tools, *listed} == set(PUBLIC)
