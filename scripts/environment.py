"""The virtual environment of a checkout: made once, and again when its needs have changed."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from pathlib import Path

from session import Session

__all__ = ["ROOT", "set_up"]

ROOT = Path(__file__).resolve().parents[1]
NEEDS = (
    ROOT / "pyproject.toml",
    ROOT / "constraints.txt",
    ROOT
    / "comenq_core"
    / "__init__.py",  # the version, which is written down where it is installed
)
VENV = ROOT / ".venv"
MARK = VENV / "comenq-is-installed"


def set_up(session: Session) -> Path:
    """Install comenq and its tools into ``.venv``, unless they are there.

    Return where the commands are. Where ``COMENQ_PYTHON`` names a Python that has comenq, that
    is where its commands are, and nothing is installed.
    """
    if "COMENQ_PYTHON" in os.environ:
        return Path(sysconfig.get_path("scripts"))
    commands = VENV / "bin"
    wanted = hashlib.sha256(b"".join(need.read_bytes() for need in NEEDS)).hexdigest()
    is_there = (commands / "python").exists() and MARK.exists()
    if not is_there or MARK.read_text() != wanted:
        print(f"Setting up {VENV}, once. This takes a moment.", flush=True)
        session.run(sys.executable, "-m", "venv", "--clear", VENV)
        python = commands / "python"
        # pip needs ten times the processor time for the rest.
        session.run(python, "-m", "pip", "--quiet", "install", "--constraint", NEEDS[1], "uv")
        uv = (commands / "uv", "pip", "install", "--quiet", "--python", python)
        install = (*uv, "--constraint", NEEDS[1])
        # The build backend comes first: in its isolation, uv would not heed our versions.
        session.run(*install, "hatchling")
        session.run(*install, "--no-build-isolation", "--editable", f"{ROOT}[dev]")
        # Written last: an installation that was interrupted is begun again.
        MARK.write_text(wanted)
    return commands
