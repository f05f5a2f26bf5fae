"""Generates the table of the log's events; what each of them means is written there by people."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from markdown_page import table

import comenq_core
import comenq_plugins

__all__ = ["log_page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "log.md"
PACKAGES = [Path(package.__path__[0]) for package in (comenq_core, comenq_plugins)]
HEADS = ("who", "key", "level", "what has happened")
TABLE = re.compile(r"^\| who \|.*\n(?:\|.*\n)+", re.MULTILINE)
ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| .*? \| (.*) \|$", re.MULTILINE)

Event = tuple[str, str]


def log_page() -> str:
    """The page with a row for each event of the program, and with the meanings that it has."""
    page = PAGE.read_text("utf-8")
    meanings = {(who, key): meaning for who, key, meaning in ROW.findall(page)}
    levels = defaultdict(set)
    for source in (path for package in PACKAGES for path in package.rglob("*.py")):
        for event, level in _events(source):
            levels[event].add(level)
    rows = (
        (who, f"`{key}`", ", ".join(sorted(levels[who, key])), meanings.get((who, key), ""))
        for who, key in sorted(levels)
    )
    written = "\n".join(table(HEADS, rows))
    return TABLE.sub(lambda _: f"{written}\n", page)


def _events(source: Path) -> Iterator[tuple[Event, str]]:
    """Who speaks, the key and the level, for each event whose key stands in the module's text."""
    speaker = ""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        match node:
            case ast.Assign(targets=[ast.Name(id="log")],
                            value=ast.Call(func=ast.Name(id="Log"),
                                           args=[ast.Constant(value=str(name))])):  # fmt: skip
                speaker = name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                          args=[ast.Constant(value=str(key)), *_]):  # fmt: skip
                yield (speaker, key), level
