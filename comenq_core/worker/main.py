"""The worker's process: make the worker that the settings want, step, wait, step again."""

from __future__ import annotations

from contextlib import ExitStack, closing
from select import select

from comenq_core.errors import ComenqError, StoreLocked
from comenq_core.plugins import registry
from comenq_core.policy.from_settings import account_policy, retry_policy
from comenq_core.process.clock import UNKNOWN_BOOT, boot_id, system_clock
from comenq_core.process.log import Log
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Store, Watch
from comenq_core.settings import Settings
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.notices import Notices
from comenq_core.worker.notifier import Notifier, commands, missing_commands, notices_path
from comenq_core.worker.worker import Worker

__all__ = ["run"]

_AFTER_FAULT = 2.0

log = Log("worker")


def run(settings: Settings, stop: StopFlag) -> int:
    """Be the worker until ``stop`` is set; return the process's exit status.

    Raises:
        ComenqError: the settings, a plugin or the store do not let it begin.
    """
    plugins = registry.load()
    plugins.report_broken()
    store = plugins.store(settings)
    posters = plugins.posters(settings)
    notifier = Notifier(commands(settings), store.get, Notices(notices_path(settings)))
    worker = Worker(
        store,
        posters,
        account_policy(settings),
        retry_policy(settings),
        clock=system_clock,
        accounts=plugins.accounts(settings),
        calls=PosterCalls(plugins.poster_plugin(settings)),
        host=plugins.host(settings),
        notifier=notifier,
        verify_targets=settings.verify_targets,
        lane_policy=plugins.lane_policy(settings),
    )
    with ExitStack() as stack:
        if _lock(store, stop, stack):
            # Without a first report, nobody would notice a worker that hangs before its first step.
            worker.heartbeat.work()
            if not boot_id():
                log.warning("boot_unknown", UNKNOWN_BOOT)
            for name, text in missing_commands(settings):
                log.warning("command_missing", "A command that is to be told of jobs is not there.",
                            command=name, reason=text)  # fmt: skip
            watch = stack.enter_context(closing(store.watch()))
            notifier.start()
            stack.callback(notifier.close)
            log.info(
                "started", "The worker is ready.", store=settings.store, poster=settings.poster
            )
            _drive(worker, watch, stop)
    log.info("stopped", "The worker has ended.")
    return 0


def _lock(store: Store, stop: StopFlag, stack: ExitStack) -> bool:
    """Lock the store; wait for a worker that a killed daemon has left behind, or for ``stop``.

    Raises:
        StoreLocked: the worker of another daemon has it.
    """
    is_logged = False
    while not stop.is_set():
        try:
            stack.enter_context(store.lock())
        except StoreLocked as error:
            if not error.ends:
                raise
            if not is_logged:
                log.warning("waiting", "The worker of a killed daemon has not ended yet.",
                            reason=error)  # fmt: skip
            is_logged = True
            stop.wait(_AFTER_FAULT)
        else:
            return True
    return False


def _drive(worker: Worker, watch: Watch, stop: StopFlag) -> None:
    """Step, wait, step again; after a fault, which is logged once, try again until it is gone."""
    fault = ""
    heartbeat = worker.heartbeat
    while not stop.is_set():
        stop.take_signals_back()  # a poster, which is called in this thread, may have taken them
        try:
            heartbeat.work()
            watch.drain()
            wait = worker.step()
        except ComenqError as error:
            if str(error) != fault:
                log.error("fault", "The store or a plugin failed; the worker tries again.",
                          reason=error)  # fmt: skip
            heartbeat.fault = fault = str(error)
            heartbeat.wait(_AFTER_FAULT)
            stop.wait(_AFTER_FAULT)
            continue
        if fault:
            log.info("recovered", "The fault is gone.")
            heartbeat.fault = fault = ""
        if wait > 0:
            heartbeat.wait(wait)
            select([watch.fileno(), stop.fileno()], [], [], wait)
