"""The intake: an event loop that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comenq_core.errors import SettingsError
from comenq_core.process.log import Log
from comenq_core.protocols import Queue, Stop
from comenq_plugins.unix_socket.acceptor import accept_connections
from comenq_plugins.unix_socket.batcher import Batcher
from comenq_plugins.unix_socket.bind import listening
from comenq_plugins.unix_socket.handlers import Handlers
from comenq_plugins.unix_socket.limits import Limits
from comenq_plugins.unix_socket.permissions import MANAGERS, Permissions
from comenq_plugins.unix_socket.server import Connections

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["OPTIONS", "UnixIntake", "make_intake"]

log = Log("unix")

ROOT = 0
OPTIONS: Mapping[str, str | int] = {
    "group": "",
    "manage": "group",
    "connections": Limits().connections,
}
"""The keys of the table ``[unix]``, with their defaults."""
SPARE_DESCRIPTORS = 64
"""For the store, the log and modules that are imported later."""


class UnixIntake:
    """Serves the protocol on a Unix stream socket.

    Args:
        path: where clients connect.
        group: the group that may connect; ``""`` for the daemon's own.
        manage: who may change jobs: a word of `MANAGERS`.
        limits: what one client may cost the others.
    """

    def __init__(
        self,
        path: Path,
        *,
        group: str = "",
        manage: str = "group",
        limits: Limits | None = None,
    ) -> None:
        self._path = path
        self._group = group
        self._permissions = Permissions(manage, frozenset({ROOT, os.geteuid()}))
        self._limits = limits or Limits()

    @property
    def socket_path(self) -> Path:
        """Where clients connect."""
        return self._path

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Pass requests on to ``queue``; return soon after ``stop`` is set.

        Raises:
            SettingsError: the socket's path cannot be used, or a daemon already serves it.
        """
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="unix") as executor:
            asyncio.run(self._serve(queue, stop, executor))

    async def _serve(self, queue: Queue, stop: Stop, executor: Executor) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        handlers = Handlers(queue, self._permissions)
        connections = Connections(self._limits, Batcher(executor, handlers.execute))
        with listening(self._path, self._group) as listener:
            async with asyncio.TaskGroup() as tasks:
                accepting = tasks.create_task(accept_connections(listener, connections.connect))
                log.info("listening", "Clients can connect.", path=self._path)
                await _readable(loop, stop.fileno())
                accepting.cancel()
        await connections.close()
        log.info("closed", "Clients can connect no more.", path=self._path)


async def _readable(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.error("internal", "A connection met an error that is the daemon's own.",
              what=context.get("message"), error=repr(context.get("exception")))  # fmt: skip


def make_intake(settings: Settings) -> UnixIntake:
    """The intake that the settings ask for.

    Raises:
        SettingsError: an option in the table ``[unix]`` is wrong.
    """
    chosen = settings.options("unix", OPTIONS)
    manage, connections = str(chosen["manage"]), int(chosen["connections"])
    if manage not in MANAGERS:
        raise SettingsError(f"unix.manage: expected one of {', '.join(MANAGERS)}")
    if connections < 1:
        raise SettingsError("unix.connections: expected a whole number from 1")
    return UnixIntake(
        settings.socket_path,
        group=str(chosen["group"]),
        manage=manage,
        limits=replace(Limits(), connections=_affordable(connections)),
    )


def _affordable(connections: int) -> int:
    """As many of the connections as leave descriptors for the rest of the process."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, allowed - SPARE_DESCRIPTORS))
