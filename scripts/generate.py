"""Runs `reference.py` with a Python that has comenq and its tools, for `scripts/generate`."""

from __future__ import annotations

import os
import sys

from environment import ROOT, set_up
from stage import Signals, Stage

with Stage(Signals()) as stage:
    python = str(set_up(stage) / "python")
os.execv(python, [python, str(ROOT / "scripts" / "reference.py"), *sys.argv[1:]])
