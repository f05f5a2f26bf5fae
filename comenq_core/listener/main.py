"""The listener: runs each selected intake in a thread of its own until it has to stop."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from select import select

from comenq_core.errors import ComenqError
from comenq_core.listener.queue import JobQueue
from comenq_core.plugins import registry
from comenq_core.policy.from_settings import pacing_policy
from comenq_core.process.log import Log
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Intake, Queue, Stop
from comenq_core.settings import Settings

__all__ = ["run"]

_STOP_SECONDS = 5.0

# A thread that waits for the disk releases the interpreter, and by default may wait 5 ms for it
# afterwards. https://docs.python.org/3/library/sys.html#sys.setswitchinterval
_SWITCH_SECONDS = 50e-6

log = Log("listener")


def run(settings: Settings, stop: Stop) -> int:
    """Be the listener until ``stop`` is set; return the process's exit status.

    An intake that ends by itself ends the listener with 1, so that the supervisor starts it again.

    Raises:
        ComenqError: the settings, a plugin or the store do not let it begin or continue.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    plugins = registry.load()
    intakes = plugins.intakes(settings)
    accounts = plugins.accounts(settings)
    queue = JobQueue(plugins.store(settings), pacing_policy(settings), accounts)
    log.info("started", "The listener is ready.", intakes=",".join(intakes), store=settings.store)
    try:
        failed = _serve(intakes, queue, stop)
    finally:
        log.info("stopped", "The listener has ended.")
    return 1 if failed else 0


def _serve(intakes: Mapping[str, Intake], queue: Queue, stop: Stop) -> bool:
    """Run the intakes; whether one of them ended before it had to."""
    ended: list[str] = []
    errors: list[ComenqError] = []
    with StopFlag() as closing:

        def serve(name: str, intake: Intake) -> None:
            try:
                intake.serve(queue, closing)
            except ComenqError as error:
                errors.append(error)
            except (Exception, SystemExit) as error:  # noqa: BLE001 -- a plugin may raise anything
                log.error("intake_failed", "An intake failed.", intake=name,
                          error=type(error).__name__, reason=error)  # fmt: skip
            if not closing.is_set():
                log.error("intake_ended", "An intake ended by itself.", intake=name)
                ended.append(name)
                closing.set()

        threads = [
            threading.Thread(target=serve, args=item, name=item[0], daemon=True)
            for item in intakes.items()
        ]
        for thread in threads:
            thread.start()
        select([stop.fileno(), closing.fileno()], [], [])
        closing.set()
        for thread in threads:
            thread.join(_STOP_SECONDS)
    if errors:
        raise errors[0]
    return bool(ended)
