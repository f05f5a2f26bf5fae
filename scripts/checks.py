"""Every check of the project, one after the other, also after one has failed.

`scripts/test` runs this. The closing line of pytest comes last on standard output.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from environment import ROOT, set_up
from session import Session, Signals

SOURCES = ("benchmarks", "comenq_core", "comenq_plugins", "examples", "scripts", "tests")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "--strict", *SOURCES),
    ("lint-imports", "--no-logo"),
    (
        *("zizmor", "--offline", "--pedantic", "--strict-collection", "--no-progress"),
        *("--config", ".github/zizmor.yml", ".github", "examples/action"),
    ),
)
SCHEMAS = {
    "github-actions": "examples/action/action.yml",
    "github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
    "github-workflows": ".github/workflows/*.yml",
    "renovate": ".github/renovate.json",
}
"""Schemas that check-jsonschema brings, and the files that they describe."""
# Each worker imports and collects every test, so that more of them cost more than they gain. Which
# tests stay together is said in tests/conftest.py.
PYTEST = ("pytest", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder")
REPRESENTATIVE = ("-m", "not full")
FULL = ("--hypothesis-profile", "full")


def main() -> int:
    """Run the checks; return 0 if all pass, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/test", description="Run every check.")
    parser.add_argument("--full", action="store_true", help="run every test, with many examples")
    selection = FULL if parser.parse_args().full else REPRESENTATIVE
    signals = Signals()
    with Session(signals) as session:
        commands = set_up(session)
        checks = (*CHECKS, *validations(), PYTEST + selection)
        failed = [check[0] for check in checks if not passes(commands, check)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else signals.status


def validations() -> Iterator[tuple[str, ...]]:
    """The checks of what GitHub and Renovate read."""
    for schema, pattern in SCHEMAS.items():
        files = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(pattern))]
        if files:
            yield ("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def passes(commands: Path, check: tuple[str, ...]) -> bool:
    """Whether a check finds nothing; what it says is passed on."""
    print(f"\n$ {' '.join(check)}", flush=True)
    environ = os.environ | {
        "PATH": f"{commands}:{os.environ.get('PATH', os.defpath)}",
        # Else every process of the tests compiles all that it imports.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    command = [str(commands / check[0]), *check[1:]]
    done = subprocess.run(command, cwd=ROOT, env=environ, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
