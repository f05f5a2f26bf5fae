"""``comenqd listen`` and ``comenqd work``: the two processes that supervisord keeps running."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable

from comenq_core.cli.output import guarded
from comenq_core.errors import ComenqError
from comenq_core.process.hardening import end_with_parent, forbid_dumps, hide_environment
from comenq_core.process.log import Log, configure
from comenq_core.process.program import end_after
from comenq_core.process.stop import StopFlag
from comenq_core.settings import Settings, load
from comenq_core.supervisor.launch import SUPERVISOR_VARIABLE, give_up

__all__ = ["listen", "main", "work"]


def main() -> None:
    """Be the process that the command line names, with the settings of the environment.

    supervisord starts both so: ``comenqd`` itself would keep all of its other commands in memory.
    """
    end_after(lambda: guarded("comenqd", _run))


def _run() -> int:
    return {"listen": listen, "work": work}[sys.argv[1]](load(None, os.environ), Namespace())


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


if __name__ == "__main__":
    main()
