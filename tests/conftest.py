"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes depends on who else uses the machine: no test may fail for that.
settings.register_profile("comenq", deadline=None, print_blob=True)
settings.load_profile("comenq")
