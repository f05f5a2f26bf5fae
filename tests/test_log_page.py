"""docs/reference/log.md knows every event that the program logs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| .+ \|$", re.MULTILINE)


def events(source: Path) -> Iterator[tuple[str, str]]:
    """Who speaks, and the key, for each event of a module whose key stands in its text."""
    tree = ast.parse(source.read_text())
    speaker = ""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="log")],
                            value=ast.Call(func=ast.Name(id="Log"),
                                           args=[ast.Constant(value=str(name))])):  # fmt: skip
                speaker = name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log")),
                          args=[ast.Constant(value=str(key)), *_]):  # fmt: skip
                yield speaker, key


def test_every_event_is_told() -> None:
    """The table has a row for every key that stands in the program, and no other row."""
    sources = [*(ROOT / "comenq_core").rglob("*.py"), *(ROOT / "comenq_plugins").rglob("*.py")]
    logged = {event for source in sources for event in events(source)}
    told = ROW.findall((ROOT / "docs" / "reference" / "log.md").read_text())

    assert sorted(told) == told
    assert set(told) == logged
    assert len(told) == len(set(told))
