"""The daemon starts and works with as little as a platform gives it."""

from __future__ import annotations

import re
from pathlib import Path

from comenq_core.testing.forge import Forge
from tests.reliability.users import Shared
from tests.spool.children import needs_root

DESCRIPTORS, PROCESSES = 512, 150


@needs_root
def test_few_descriptors_and_processes_are_enough(forge: Forge) -> None:
    """A user who may have no more than these runs a daemon that takes and posts comments."""
    with Shared(forge.url) as daemon:
        program = daemon.run("", "prlimit", f"--nofile={DESCRIPTORS}", f"--nproc={PROCESSES}")
        program.log.until(" unix listening: ", " worker started: ")

        limits = Path(f"/proc/{program.pid}/limits").read_text()
        assert re.search(rf"^Max processes +{PROCESSES} +{PROCESSES} ", limits, re.MULTILINE)
        assert re.search(rf"^Max open files +{DESCRIPTORS} +{DESCRIPTORS} ", limits, re.MULTILINE)
        daemon.put("with little")
        assert forge.wait_for_comments(1)[0].body == "with little"
        assert program.stop() == 0
