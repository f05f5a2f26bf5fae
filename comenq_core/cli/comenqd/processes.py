"""``comenqd listen`` and ``comenqd work``: the two processes that supervisord keeps running."""

from __future__ import annotations

import os
import signal
from argparse import Namespace
from collections.abc import Callable

from comenq_core.errors import ComenqError
from comenq_core.process.hardening import end_with_parent, forbid_dumps, hide_environment
from comenq_core.process.log import Log, configure
from comenq_core.process.stop import StopFlag
from comenq_core.settings import Settings
from comenq_core.supervisor.launch import SUPERVISOR_VARIABLE, give_up

__all__ = ["listen", "work"]


def listen(settings: Settings, _given: Namespace) -> int:
    """Be the listener; return the exit status."""
    from comenq_core.listener import main as listener

    return _as_process("listener", listener.run, settings)


def work(settings: Settings, _given: Namespace) -> int:
    """Be the worker; return the exit status."""
    from comenq_core.worker import main as worker

    return _as_process("worker", worker.run, settings)


def _as_process(name: str, serve: Callable[[Settings, StopFlag], int], settings: Settings) -> int:
    forbid_dumps()
    hide_environment()
    configure(settings.log_level)
    if SUPERVISOR_VARIABLE in os.environ:
        end_with_parent(int(os.environ[SUPERVISOR_VARIABLE]))
    with StopFlag() as stop:
        stop.set_on(signal.SIGTERM, signal.SIGINT)
        try:
            return serve(settings, stop)
        except ComenqError as error:
            Log(name).error(error.code, str(error))
            if not error.is_transient:
                give_up(name)
            return 1
