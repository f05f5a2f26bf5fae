"""The virtual environment of a checkout: made once, and again when its needs have changed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from stage import Stage

__all__ = ["ROOT", "set_up"]

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
MARK = VENV / "comenq-is-installed"


def set_up(stage: Stage) -> Path:
    """Install comenq into ``.venv``, unless it is there; return where its commands are."""
    commands = VENV / "bin"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    is_there = (commands / "python").exists() and MARK.exists()
    if not is_there or MARK.read_text() != wanted:
        print(f"Setting up {VENV}, once. This takes a moment.", flush=True)
        stage.run(sys.executable, "-m", "venv", VENV)
        pip = (commands / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
        stage.run(*pip, "install", "--editable", ROOT)
        # Written last: an installation that was interrupted is begun again.
        MARK.write_text(wanted)
    return commands
