"""Builds and serves the documentation as a site, for `scripts/docs`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

from environment import ROOT, set_up
from session import Session, Signals

CONFIG = ROOT / "zensical.toml"
PAGES = ROOT / "build" / "pages"
SITE = ROOT / "build" / "site"
SERVE = ("-m", "http.server", "--bind", "127.0.0.1", "--directory", os.fspath(SITE))
# The pages, and what they refer to.
SOURCES = (
    "*.md",
    "docs/**/*.*",
    "examples/*.*",
    "examples/**/*.md",
    "benchmarks/*.md",
    "benchmarks/*.svg",
    "comenq_plugins/http/static/icon.svg",
    "conf/supervisord.conf",
    "packaging/**/*.md",
)


def main() -> int:
    """Build the site and, unless told otherwise, serve it; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__)
    parser.add_argument("command", choices=("build", "serve"), nargs="?", default="serve")
    parser.add_argument("--port", default="8000", help="where to serve it, on 127.0.0.1")
    given = parser.parse_args()
    gather()
    faults = list(disagreements())
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 1
    with Session(Signals()) as session:
        zensical = set_up(session) / "zensical"
        session.run(zensical, "build", "--clean", "--strict", "--config-file", CONFIG)
    if given.command == "serve":
        os.execv(sys.executable, [sys.executable, *SERVE, given.port])
    return 0


def gather() -> None:
    """Make `PAGES` anew: the repository without what is no documentation, as links."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for pattern in SOURCES:
        for source in ROOT.glob(pattern):
            page = PAGES / source.relative_to(ROOT)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.symlink_to(source)


def disagreements() -> Iterator[str]:
    """Pages that the menu lacks, and entries of the menu that lead nowhere."""
    listed = set(entries(tomllib.loads(CONFIG.read_text())["project"]["nav"]))
    there = {str(page.relative_to(PAGES)) for page in PAGES.rglob("*.md")}
    for page in sorted(there - listed):
        yield f"{page}: is not in the menu; add it to nav in zensical.toml"
    for page in sorted(listed - there):
        yield f"zensical.toml: nav lists {page}, which is not there"


def entries(menu: list[dict[str, Any]]) -> Iterator[str]:
    """The pages of a menu and its sections."""
    for entry in menu:
        for target in entry.values():
            if isinstance(target, list):
                yield from entries(target)
            else:
                yield target


if __name__ == "__main__":
    sys.exit(main())
