"""docs/plugins.md in parts: its commands, and its plugins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from comenq_core import hookspecs

__all__ = ["HOOKS", "PAGE", "examples", "module", "sessions"]

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
HOOKS: Mapping[str, Callable[..., object]] = {
    name: value for name, value in vars(hookspecs).items() if hasattr(value, "comenq_spec")
}
"""Every hook, by its name."""


def blocks(page: Path = PAGE) -> Iterator[str]:
    """Each block of code."""
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", page.read_text(), re.MULTILINE):
        yield re.sub("^    ", "", block, flags=re.MULTILINE).strip("\n")


def sessions(page: Path = PAGE) -> Iterator[tuple[str, str]]:
    """Each command, and the output that the page shows below it."""
    for block in blocks(page):
        if block.startswith("$ "):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield command, shown.strip("\n")


def examples() -> Iterator[ModuleType]:
    """Each block without commands: a whole plugin."""
    for block in blocks():
        if not block.startswith(("$ ", "comenqd ")):
            yield module("example", block)


def module(name: str, source: str) -> ModuleType:
    """A module with this source."""
    made = ModuleType(name)
    exec(compile(source, name, "exec"), vars(made))  # noqa: S102 -- that is what it is for
    return made
