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
from stage import Signals, Stage

SOURCES = ("comenq_core", "comenq_plugins", "examples", "scripts", "tests")
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "--strict", *SOURCES),
    ("lint-imports", "--no-logo"),
)
# More processes than most machines have cores: much of what tests do is to wait for one another's
# programs. A file's tests stay together, for the sake of what they share, and in their order.
PYTEST = ("pytest", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")


def main() -> int:
    """Run the checks; return 0 if all pass, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/test", description="Run every check.")
    parser.add_argument("--quick", action="store_true", help="leave out the slow tests")
    selection = ("-m", "not slow") if parser.parse_args().quick else ()
    signals = Signals()
    with Stage(signals) as stage:
        commands = set_up(stage)
        failed = [
            check[0] for check in (*CHECKS, PYTEST + selection) if not passes(commands, check)
        ]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else signals.status


def passes(commands: Path, check: tuple[str, ...]) -> bool:
    """Whether a check finds nothing; what it says is passed on."""
    print(f"\n$ {' '.join(check)}", flush=True)
    path = f"{commands}:{os.environ.get('PATH', os.defpath)}"
    command = [str(commands / check[0]), *check[1:]]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PATH": path}, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
