"""The results of a run, saved as JSON beside this file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from benchmarks.ratios import Curve, Row, Spread

HERE = Path(__file__).parent
FILE = HERE / "results.json"
SUITE_FILE = HERE / "suite.json"
"""The row that takes too long to be measured with the others."""


@dataclass
class Results:
    """Rows and curves, and the machine that they were measured on."""

    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    machine: str = ""

    def add(self, made: Sequence[Row | Curve]) -> None:
        """Add the results of one measurement, and print its rows."""
        for one in made:
            if isinstance(one, Row):
                self.rows.append(one)
                print(_line(one), flush=True)
            else:
                self.curves.append(one)

    def save(self, file: Path) -> None:
        """Write all results to a file."""
        kept = {
            "machine": _machine(),
            "rows": [
                {**asdict(row), "ratio": row.ratio, "reached": row.reached} for row in self.rows
            ],
            "curves": [asdict(curve) for curve in self.curves],
        }
        file.write_text(json.dumps(kept, indent=1) + "\n")


def saved() -> Results:
    """The results that were saved last."""
    found = [json.loads(file.read_text()) for file in (FILE, SUITE_FILE) if file.exists()]
    return Results(
        rows=[_row(row) for kept in found for row in kept["rows"]],
        curves=[Curve(**curve) for kept in found for curve in kept["curves"]],
        machine=found[0]["machine"],
    )


def _row(kept: dict[str, Any]) -> Row:
    # The others follow from these.
    known = {field.name: kept[field.name] for field in fields(Row)}
    return Row(**{**known, "spread": kept["spread"] and Spread(*kept["spread"])})


def _line(row: Row) -> str:
    word = {True: "met", False: "MISSED", None: ""}[row.reached]
    return (
        f"{word:9}{row.ours:11,.2f} {row.theirs:11,.2f}  {row.ratio:6.2f}  {row.half:14}"
        f"  {row.wanted:8}"
        f" {row.name} [{row.unit}], compared with {row.against}"
    )


def _machine() -> str:
    return (
        f"{os.cpu_count()} processors, Linux {platform.release().split('-')[0]},"
        f" Python {platform.python_version()} ({platform.python_compiler()})"
    )
