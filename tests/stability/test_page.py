"""docs/stability.md names the files in which a change of what is public shows."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_the_page_names_the_files_that_there_are() -> None:
    """Each file in its table exists, and each snapshot of this directory is in it."""
    table = (ROOT / "docs" / "stability.md").read_text().partition("\n## What you can")[0]
    named = re.findall(r"`((?:conf|docs|tests|comenq_plugins)/[^`]*)`", table)
    assert [name for name in named if not (ROOT / name).exists()] == []
    snapshots = {path for path in HERE.iterdir() if path.suffix in {".txt", ".json", ".toml"}}
    assert {str(path.relative_to(ROOT)) for path in snapshots} <= {*named}
