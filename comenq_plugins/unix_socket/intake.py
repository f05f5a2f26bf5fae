"""The intake: an event loop that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comenq_core.errors import SettingsError
from comenq_core.process.descriptors import for_clients
from comenq_core.process.log import Log
from comenq_core.process.unix_address import Address, check_length, listening
from comenq_core.protocols import Queue, Stop
from comenq_plugins.unix_socket.acceptor import accept_connections
from comenq_plugins.unix_socket.batcher import Batcher
from comenq_plugins.unix_socket.handlers import Handlers
from comenq_plugins.unix_socket.limits import Limits
from comenq_plugins.unix_socket.path_watch import watched
from comenq_plugins.unix_socket.permissions import MANAGERS, Permissions
from comenq_plugins.unix_socket.server import Connections

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["MEANINGS", "OPTIONS", "UnixIntake", "make_intake"]

log = Log("unix")

ROOT = 0
CHECK_SECONDS = 5.0
"""How often the intake looks whether its path still leads to it."""
WATCHED_SECONDS = 60.0
"""The same where the kernel tells: of a directory further above, it does not."""
OPTIONS: Mapping[str, str | int] = {
    "group": "",
    "manage": "group",
    "connections": Limits().connections,
}
"""The keys of the table ``[unix]``, with their defaults."""
MEANINGS: Mapping[str, str] = {
    "group": "members of this group may connect; by default, the daemon's own group",
    "manage": "who may change what is queued: everybody who may connect (`group`), each user their"
    " own jobs (`owner`), or only root and the daemon's user (`nobody`)",
    "connections": "how many connections may be open at once",
}
"""What each of them means."""


@dataclass(frozen=True, slots=True)
class UnixIntake:
    """Serves the protocol on a Unix stream socket.

    Args:
        socket_path: where clients connect.
        group: the group that may connect; ``""`` for the daemon's own.
        manage: who may change jobs: a word of `MANAGERS`.
        limits: what one client may cost the others.
    """

    socket_path: Path
    group: str = ""
    manage: str = "group"
    limits: Limits = field(default_factory=Limits)

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Raises as `listening`."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="unix") as executor:
            asyncio.run(self._serve(queue, stop, executor))

    async def _serve(self, queue: Queue, stop: Stop, executor: Executor) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        permissions = Permissions(self.manage, frozenset({ROOT, os.geteuid()}))
        batcher = Batcher(executor, Handlers(queue, permissions).execute)
        connections = Connections(self.limits, batcher)
        attention = asyncio.Event()
        loop.add_reader(stop.fileno(), attention.set)
        try:
            with listening(self.socket_path, self.group) as address:
                await self._accept(address, connections, stop, attention)
            while not stop.is_set():
                await self._listen_again(connections, stop, attention)
        finally:
            loop.remove_reader(stop.fileno())
        await connections.close()
        log.info("closed", "Clients can connect no more.", path=self.socket_path)

    async def _accept(
        self, address: Address, connections: Connections, stop: Stop, attention: asyncio.Event
    ) -> None:
        """Accept connections until the intake has to stop, or the path leads elsewhere."""
        async with asyncio.TaskGroup() as tasks:
            accepting = tasks.create_task(accept_connections(address.listener, connections.connect))
            log.info("listening", "Clients can connect.", path=self.socket_path)
            with watched(self.socket_path, attention.set) as is_watched:
                while not stop.is_set() and address.leads_here():
                    await _pause(attention, WATCHED_SECONDS if is_watched else CHECK_SECONDS)
            accepting.cancel()

    async def _listen_again(
        self, connections: Connections, stop: Stop, attention: asyncio.Event
    ) -> None:
        """Listen on a path that was lost; where that fails, the next call tries again."""
        log.warning("address_lost", "The socket's file is gone or another one; it is made again.",
                    path=self.socket_path)  # fmt: skip
        try:
            with listening(self.socket_path, self.group) as address:
                await self._accept(address, connections, stop, attention)
        except SettingsError as error:
            log.error("not_listening", "No client can connect; the daemon tries again.",
                      path=self.socket_path, reason=error)  # fmt: skip
            await _pause(attention, CHECK_SECONDS)


async def _pause(attention: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await attention.wait()
    attention.clear()


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.error("internal", "A connection met an error that is the daemon's own.",
              what=context.get("message"), error=repr(context.get("exception")))  # fmt: skip


def make_intake(settings: Settings) -> UnixIntake:
    """The intake that the settings ask for.

    Raises:
        SettingsError: an option in the table ``[unix]`` is wrong, or the socket's path is too long.
    """
    chosen = settings.options("unix", OPTIONS)
    manage, connections = str(chosen["manage"]), int(chosen["connections"])
    if manage not in MANAGERS:
        raise SettingsError(f"unix.manage: expected one of {', '.join(MANAGERS)}")
    if connections < 1:
        raise SettingsError("unix.connections: expected a whole number from 1")
    check_length(settings.socket_path)
    return UnixIntake(
        settings.socket_path,
        group=str(chosen["group"]),
        manage=manage,
        limits=Limits(connections=min(connections, for_clients(len(settings.intakes)))),
    )
