"""Writes conf/man, conf/completions and what else is generated, or lists which are out of date."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from completions import completions
from manual import pages
from mcp_server import description as mcp_server
from public_names import listing

from comenq_core.cli.comenq.mcp.bounds import Bounds
from comenq_core.cli.comenq.mcp.tools import offered
from comenq_core.wire.schemas import SCHEMAS
from comenq_plugins.http.api.openapi import description

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
STABILITY = ROOT / "tests" / "stability"


def main() -> int:
    """Write or check the files; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file is out of date"
    )
    if not parser.parse_args().check:
        for path, text in files():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return 0
    outdated = [
        path for path, text in files() if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in outdated:
        print(f"{path}: run scripts/generate, and commit what it writes", file=sys.stderr)
    return 1 if outdated else 0


def files() -> Iterator[tuple[Path, str]]:
    """Yield each generated file with its text."""
    for name, page in pages():
        yield CONF / "man" / name, str(page)
    for name, script in completions():
        yield CONF / "completions" / name, script
    yield ROOT / "docs" / "openapi.json", json.dumps(description(), indent=1) + "\n"
    # What agents read, so that a review of a change shows how it changes.
    tools = [tool.definition for tool in offered(Bounds())]
    yield ROOT / "tests" / "mcp" / "tools.json", json.dumps(tools, indent=2) + "\n"
    yield STABILITY / "python.txt", listing()
    yield STABILITY / "requests.json", json.dumps(SCHEMAS, indent=1) + "\n"
    server = mcp_server(ROOT / "README.md")
    yield ROOT / "packaging" / "mcp" / "server.json", json.dumps(server, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
