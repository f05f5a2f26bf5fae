"""Core knows no plugin: a built-in one has no advantage over anybody's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import comenq_core
from comenq_core import Settings
from comenq_core.hookspecs import ENTRY_POINT_GROUP

CORE = Path(comenq_core.__file__).parent
DEFAULTS = CORE / "settings" / "fields.py"
UNIT = "comenq.service"


def texts(path: Path) -> Iterator[str]:
    """Every text in a module's code, docstrings included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_plugin_is_named_outside_of_the_default_settings() -> None:
    """No text in core's code is a built-in plugin's name, except for three settings' defaults."""
    built_in = {
        entry.name
        for entry in entry_points(group=ENTRY_POINT_GROUP)
        if entry.dist and entry.dist.name == "comenq"
    }
    defaults = {*Settings().intakes, Settings().store, Settings().poster}
    named = {
        (path.relative_to(CORE), text)
        for path in CORE.rglob("*.py")
        for text in texts(path)
        # The scheme of addresses is written as one plugin's name.
        if text in built_in - {"http"}
    }

    assert defaults < built_in
    assert named == {(DEFAULTS.relative_to(CORE), text) for text in defaults}


def test_no_unit_is_named_by_its_path() -> None:
    """Where systemd keeps a service's files, the service itself knows; only the installer does."""
    named = {
        path.relative_to(CORE).parts[0]
        for path in CORE.rglob("*.py")
        for text in texts(path)
        if f"/{UNIT}" in text and "\n" not in text
    }

    assert named <= {"install"}
