"""Every check of the project, one after the other, also after one has failed.

`scripts/test` runs this. The closing line of pytest comes last on standard output.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from environment import ROOT, set_up
from session import Session, Signals

SOURCES = ("comenq_core", "comenq_plugins", "examples", "scripts", "tests")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "--strict", *SOURCES),
    ("lint-imports", "--no-logo"),
)
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
        failed = [
            check[0] for check in (*CHECKS, PYTEST + selection) if not passes(commands, check)
        ]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else signals.status


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
