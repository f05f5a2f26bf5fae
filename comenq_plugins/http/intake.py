"""The intake: an event loop of its own that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from comenq_core.errors import AddressTaken, ComenqError
from comenq_core.process.descriptors import for_clients
from comenq_core.process.log import Log
from comenq_core.process.unix_address import Names, check_length, listening
from comenq_core.protocols import Queue, Stop
from comenq_plugins.http.app import make_app
from comenq_plugins.http.connection import Server
from comenq_plugins.http.limits import Limits
from comenq_plugins.http.options import Options, Tcp, options_of

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["HttpIntake", "make_intake"]

log = Log("http")

NAMES = Names("http.listen", "http.group")


@dataclass(frozen=True, slots=True)
class HttpIntake:
    """Serves the page and the API.

    Args:
        options: where, and for whom.
        limits: what clients may cost.
    """

    options: Options
    limits: Limits = field(default_factory=Limits)

    @property
    def tokens_file(self) -> Path:
        """The file with the clients' tokens."""
        return self.options.tokens_file

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Serve, or raise `ComenqError` where it cannot listen: then the listener tries again."""
        with _listening(self.options) as listener:
            self.serve_on(listener, queue, stop)

    def serve_on(self, listener: socket.socket, queue: Queue, stop: Stop) -> None:
        """Serve on a socket that listens already."""
        asyncio.run(self._serve(queue, stop, listener))

    async def _serve(self, queue: Queue, stop: Stop, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # What waits for the store runs in these threads, whichever part of the application it is.
        to_thread.current_default_thread_limiter().total_tokens = self.limits.threads
        listen = self.options.listen
        port: int | None = None
        if isinstance(listen, Tcp):
            port = listener.getsockname()[1]
            listen = Tcp(listen.host, port)
        server = Server(make_app(queue, self.options, port, self.limits), self.limits)
        loop.add_reader(stop.fileno(), server.stop)
        if stop.is_set():
            server.stop()
        place = self.options.url or f"http://{listen}/"
        log.info("listening", "Clients can connect.", listen=listen, url=place)
        try:
            await server.serve([listener])
        finally:
            loop.remove_reader(stop.fileno())
        log.info("closed", "Clients can connect no more.", url=place)


@contextmanager
def _listening(options: Options) -> Iterator[socket.socket]:
    if isinstance(options.listen, Path):
        try:
            with listening(options.listen, options.group, NAMES) as address:
                yield address.listener
        except AddressTaken as error:
            raise ComenqError(str(error)) from error
        return
    tcp = options.listen
    family = socket.AF_INET6 if ":" in tcp.host else socket.AF_INET
    try:
        listener = socket.create_server((tcp.host, tcp.port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        # Any user can take a port. That is no fault of the settings, which would end the listener.
        raise ComenqError(f"http.listen: cannot listen on {tcp}: {reason}") from error
    with listener:
        listener.settimeout(0)
        # Connections inherit it. asyncio sets it for sockets that name their protocol, alone; and
        # without it, a reply in two parts waits 40 ms for the client's word that it has the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def make_intake(settings: Settings) -> HttpIntake:
    """The intake that the settings ask for.

    Raises:
        SettingsError: an option in the table ``[http]`` is wrong.
    """
    options = options_of(settings)
    if isinstance(options.listen, Path):
        check_length(options.listen, NAMES)
    return HttpIntake(options, Limits().within(for_clients(len(settings.intakes))))
