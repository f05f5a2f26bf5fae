"""Writes conf/man and conf/completions, or tells which files there are not what they should be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from completions import completions
from manual import pages

CONF = Path(__file__).resolve().parents[1] / "conf"


def main() -> int:
    """Write, or check; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail on drift")
    if not parser.parse_args().check:
        for path, text in files():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return 0
    drifted = [
        path for path, text in files() if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in drifted:
        print(f"{path}: run scripts/generate, and commit what it writes", file=sys.stderr)
    return 1 if drifted else 0


def files() -> Iterator[tuple[Path, str]]:
    """Each generated file, and what is to be in it."""
    for name, page in pages():
        yield CONF / "man" / name, str(page)
    for name, script in completions():
        yield CONF / "completions" / name, script


if __name__ == "__main__":
    sys.exit(main())
