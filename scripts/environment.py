"""The virtual environment of a checkout: made once, and again when its needs have changed.

`scripts/run` runs this.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from pathlib import Path

from pins import read_pins
from session import Session, Signals

__all__ = ["CONSTRAINTS", "ROOT", "set_up"]

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
# The version is written down where it is installed.
NEEDS = (ROOT / "pyproject.toml", CONSTRAINTS, ROOT / "comenq_core" / "__init__.py")
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
        first = session.directory() / "uv.txt"
        first.write_text(read_pins(CONSTRAINTS)["uv"])
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
        session.run(*pip, "--require-hashes", "--requirement", first)
        uv = (commands / "uv", "pip", "install", "--quiet", "--python", python)
        session.run(*uv, "--require-hashes", "--requirement", CONSTRAINTS)
        # The build backend is there: in its isolation, uv would not heed our versions.
        here = ("--no-build-isolation", "--editable", f"{ROOT}[dev]")
        session.run(*uv, "--constraint", CONSTRAINTS, *here)
        # Written last: an installation that was interrupted is begun again.
        MARK.write_text(wanted)
    return commands


def main() -> None:
    """Replace this process by a command of the environment."""
    with Session(Signals()) as session:
        commands = set_up(session)
    os.environ["PATH"] = f"{commands}:{os.environ.get('PATH', os.defpath)}"
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error:
        sys.exit(f"scripts/run: {sys.argv[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
