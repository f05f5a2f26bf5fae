"""The page on a port of its own, in a thread of the test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from comenq_core.listener.queue import JobQueue
from comenq_core.model.access import Scope
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.stop import StopFlag
from comenq_core.process.token_file import add_token, remove_token
from comenq_core.protocols import Queue, Store
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.http.intake import HttpIntake
from comenq_plugins.http.options import Options, Tcp
from tests.http.browser.scenes import LANES
from tests.socket.serving import until

__all__ = ["Served", "answers", "queue_of", "reserved_port", "serving"]


@dataclass
class Served:
    """A page that can be stopped, and started again at the same address.

    Args:
        queue: what it shows.
        directory: for the tokens.
        port: where it is.
    """

    queue: Queue
    directory: Path
    port: int
    tokens: dict[Scope, str] = field(default_factory=dict)
    _stop: StopFlag | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Serve, and wait until it answers."""
        options = Options(
            listen=Tcp("127.0.0.1", self.port), tokens_file=self.directory / "http_tokens"
        )
        if not self.tokens:
            self.tokens = {
                scope: add_token(options.tokens_file, scope.value, scope) for scope in Scope
            }
        self._stop = StopFlag()
        intake = HttpIntake(options)
        self._thread = threading.Thread(target=intake.serve, args=(self.queue, self._stop))
        self._thread.start()
        until(lambda: answers(self.port))

    @property
    def manage_token(self) -> str:
        """A token that permits everything."""
        return self.tokens[Scope.MANAGE]

    def remove_tokens(self) -> None:
        """Remove all tokens, as an administrator does."""
        for scope in Scope:
            remove_token(self.directory / "http_tokens", scope.value)

    def stop(self) -> None:
        """End, and wait for that."""
        if self._stop and self._thread:
            self._stop.set()
            self._thread.join(DEADLINE)
            assert not self._thread.is_alive(), "the intake does not stop"
            self._stop.__exit__()
            self._stop = None


@contextmanager
def serving(queue: Queue, directory: Path) -> Iterator[Served]:
    """Serve a queue for the length of a ``with`` block."""
    with reserved_port() as port:
        served = Served(queue, directory, port)
        served.start()
        try:
            yield served
        finally:
            served.stop()


def answers(port: int) -> bool:
    """Whether a daemon's page is at this port."""
    with suppress(OSError):
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=DEADLINE).ok
    return False


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port of loopback, for a server that may end and begin again; nobody else gets it.

    To what asks for any port, the kernel gives none that is bound. A server asks for this one, and
    gets it as long as nobody listens there.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def queue_of(store: Store) -> JobQueue:
    """A listener's queue, with reviewers."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    return JobQueue(store, pace, {"main": ()}, host="github.com", lanes=LANES)
