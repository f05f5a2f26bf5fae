"""Builds the source archive and the wheel, and checks them, for `scripts/build`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from contextlib import chdir
from pathlib import Path

from environment import ROOT, set_up
from session import Session, Signals

EPOCH = "SOURCE_DATE_EPOCH"
"""The time that all files in an archive get: https://reproducible-builds.org/specs/source-date-epoch"""


def main() -> None:
    """Build into a directory of our own, check, and only then copy both files to their place."""
    place = Path(sys.argv[1]).absolute() if sys.argv[1:] else ROOT / "dist"
    os.environ.setdefault(EPOCH, commit_time())
    with Session(Signals()) as session:
        commands = set_up(session)
        build = (commands / "python", "-m", "hatchling", "build")
        draft = session.directory()
        with chdir(ROOT):
            session.run(*build, "--target", "sdist", "--directory", draft)
        (archive,) = draft.iterdir()
        sources = session.directory()
        with tarfile.open(archive) as tar:
            tar.extractall(sources, filter="data")
        (source,) = sources.iterdir()
        with chdir(source):
            session.run(*build, "--target", "wheel", "--directory", draft)
        (wheel,) = draft.glob("*.whl")
        session.run(commands / "twine", "check", "--strict", archive, wheel)
        session.run(commands / "check-wheel-contents", "--config", ROOT / "pyproject.toml", wheel)
        place.mkdir(parents=True, exist_ok=True)
        for built in (archive, wheel):
            print(shutil.copy(built, place))


def commit_time() -> str:
    """Seconds since 1970 at the last commit; 0 without one."""
    ask = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0"


if __name__ == "__main__":
    main()
