"""The listener's process: what the settings want, made and run until it has to stop."""

from __future__ import annotations

import sys

from comenq_core.listener.intakes import Intakes
from comenq_core.listener.queue import JobQueue
from comenq_core.plugins import registry
from comenq_core.policy.from_settings import account_policy, admission_policies
from comenq_core.process.log import Log
from comenq_core.process.stop import StopFlag
from comenq_core.settings import Settings

__all__ = ["run"]

# A thread that waits for the disk releases the interpreter, and by default may wait 5 ms for it
# afterwards. https://docs.python.org/3/library/sys.html#sys.setswitchinterval
_SWITCH_SECONDS = 50e-6

log = Log("listener")


def run(settings: Settings, stop: StopFlag) -> int:
    """Be the listener until ``stop`` is set; return the process's exit status.

    Raises:
        ComenqError: the settings, a plugin or the store do not let it begin or continue.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    plugins = registry.load()
    plugins.report_broken()
    intakes = Intakes(plugins, settings)
    accounts = plugins.accounts(settings)
    store = plugins.store(settings)
    queue = JobQueue(
        store,
        account_policy(settings),
        accounts,
        faults=intakes.faults,
        host=plugins.host(settings),
        holds=settings.holds,
        verifies_targets=settings.verify_targets,
        lanes=plugins.lane_policy(settings),
        reviewers=plugins.selected_reviewers(settings),
        can_reply=plugins.can_reply(settings),
        hold_secrets=settings.hold_secrets,
        policies=admission_policies(settings),
    )
    stop.take_signals_back()
    log.info("started", "The listener is ready.",
             intakes=",".join(settings.intakes), store=settings.store)  # fmt: skip
    try:
        intakes.serve(queue, stop)
    finally:
        log.info("stopped", "The listener has ended.")
    return 0
