"""``python -m comenq_core.install ROOT``, run by scripts/install.sh: stages a package's files."""

from __future__ import annotations

import sys
from pathlib import Path

from comenq_core.install.places import of_machine
from comenq_core.install.plan import stage
from comenq_core.install.steps import run_steps
from comenq_core.supervisor.launch import conf_file

VENV = Path("/opt/comenq")

if __name__ == "__main__":
    root = Path(sys.argv[1]).absolute()
    example = conf_file("config.toml").read_text()
    run_steps(stage(of_machine(Path("/usr")), VENV, example, root), lambda step: step.do())
