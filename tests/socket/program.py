"""The intake as a process of its own: ``python -m tests.socket.program PATH [DESCRIPTORS]``."""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from comenq_core.listener.queue import JobQueue
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.log import configure
from comenq_core.process.stop import StopFlag
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_plugins.unix_socket.intake import UnixIntake


def main(path: str, descriptors: str = "") -> None:
    """Serve until SIGTERM, with at most so many descriptors."""
    configure("info")
    if descriptors:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(descriptors), hard))
    queue = JobQueue(
        MemoryStore(FakeClock()), PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    )
    with StopFlag() as stop:
        stop.set_on(signal.SIGTERM)
        UnixIntake(Path(path)).serve(queue, stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
