"""The row about ``scripts/test``: its processor time, and that of comenq 0.1.0 on this machine."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ratios import Row

ROOT = Path(__file__).parents[1]
THEN = "44908b9"
"""The commit of comenq 0.1.0."""
PYTHON_VARIABLE = "COMENQ_PYTHON"
ENVIRONMENT = """\
import sys
sys.path.insert(0, "scripts")
from environment import set_up
try:
    from session import Session, Signals
except ImportError:
    from stage import Signals, Stage as Session
with Session(Signals()) as session:
    set_up(session)
"""
"""Makes ``.venv``, as ``scripts/test`` does when it is missing; 0.1.0 has another name for it."""


def suite() -> Row:
    """Both suites, one after the other, each in a clone of its own with an environment made before.

    The checks that fail count as well: on another machine than that of its day, the old one's may.
    """
    now = _git("rev-parse", "--short", "HEAD", at=ROOT)
    with tempfile.TemporaryDirectory(prefix="cqsuite", dir="/var/tmp") as place:
        ours, theirs = (_seconds(Path(place) / commit, commit) for commit in (now, THEN))
    return Row(
        name=f"scripts/test, processor time, commit {now}",
        against=f"that of commit {THEN}",
        ours=ours,
        theirs=theirs,
        unit="s",
        target=0.5,
    )


def _seconds(clone: Path, commit: str) -> float:
    """Processor time of the commit's checks, in user mode and in the kernel."""
    _git("clone", "--quiet", "--shared", str(ROOT), str(clone), at=ROOT)
    _git("checkout", "--quiet", commit, at=clone)
    environ = {key: value for key, value in os.environ.items() if key != PYTHON_VARIABLE}
    subprocess.run(["scripts/python", "-c", ENVIRONMENT], cwd=clone, env=environ, check=True)
    before = _children()
    status = subprocess.run(
        ["scripts/test"], cwd=clone, env=environ, stdout=sys.stderr, check=False
    ).returncode
    print(f"{commit}: scripts/test ends with {status}", file=sys.stderr)
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _git(*words: str, at: Path) -> str:
    return subprocess.run(
        ["git", *words], cwd=at, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
