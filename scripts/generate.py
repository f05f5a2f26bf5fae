"""Runs `reference.py` with a Python that has comenq and its tools, for `scripts/generate`."""

from __future__ import annotations

import os
import sys

from environment import ROOT, set_up
from session import Session, Signals

with Session(Signals()) as session:
    python = str(set_up(session) / "python")
os.execv(python, [python, str(ROOT / "scripts" / "reference.py"), *sys.argv[1:]])
