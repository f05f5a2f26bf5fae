"""docs/architecture.md names the packages and the layers as they are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def rows(package: str) -> list[list[str]]:
    """The first cells of a package's table, in groups that blank rows separate."""
    table = PAGE.partition(f"| `{package}` | what it is |\n| --- | --- |\n")[2].partition("\n\n")[0]
    return [re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) for part in table.split("\n| | |\n")]


def test_the_layers_are_those_that_are_checked() -> None:
    """The table has the layers of import-linter's contract, from the top to the bottom."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = (
        contract
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["id"] == "layers"
    )
    layers = [re.findall(r"\w+", layer) for layer in contract["layers"]]

    assert rows("comenq_core") == layers


@pytest.mark.parametrize("package", ["comenq_core", "comenq_plugins"])
def test_every_part_is_told(package: str) -> None:
    """Each module and package is in the table, and no other."""
    there = {
        path.stem
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }

    assert sorted(name for group in rows(package) for name in group) == sorted(there)
