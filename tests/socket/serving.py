"""A real intake on a real socket, in a thread of the test, over a store in memory."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from comenq_core.listener.queue import JobQueue
from comenq_core.model import Job, NewJob
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Intake, Queue
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.memory_store import MemoryStore
from comenq_plugins.unix_socket.intake import UnixIntake

REQUEST = {"owner": "octo-org", "repo": "site", "pr_number": 7, "body": "Looks good."}


def until(is_true: Callable[[], object]) -> None:
    """Wait for something to happen elsewhere; fail if it does not."""
    deadline = time.monotonic() + DEADLINE
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class Talker:
    """A client that can break the protocol."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *messages: object) -> None:
        """Send each as a line of JSON, without waiting."""
        self.socket.sendall(b"".join(json.dumps(message).encode() + b"\n" for message in messages))

    def end(self) -> None:
        """Half-close: nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def reply(self) -> dict[str, Any]:
        """The next reply."""
        line = self._file.readline()
        assert line.endswith(b"\n"), f"no whole reply, but {line!r}"
        reply: dict[str, Any] = json.loads(line)
        return reply

    def ask(self, message: object) -> dict[str, Any]:
        """Send one message, and wait for its reply."""
        self.send(message)
        return self.reply()

    def is_closed(self) -> bool:
        """Whether the daemon has ended the connection, once all replies are read."""
        try:
            return self._file.readline() == b""
        except ConnectionResetError:
            return True


class BlockableStore(MemoryStore):
    """Can be kept from storing comments, and records the sizes of its batches."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        super().__init__(self.clock)
        self._released = threading.Event()
        self._released.set()
        self.entered = threading.Event()
        self.batches: list[int] = []

    def block(self) -> None:
        """Keep the next batches waiting."""
        self._released.clear()

    def release(self) -> None:
        """Let the batches through."""
        self._released.set()

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Store as every store does, but not while it is blocked."""
        self.batches.append(len(new_jobs))
        self.entered.set()
        assert self._released.wait(DEADLINE)
        return super().put(new_jobs)


@dataclass
class Served:
    """What is behind the socket."""

    path: Path
    store: BlockableStore
    stop: StopFlag
    thread: threading.Thread = field(default_factory=threading.Thread)

    def talk(self) -> Talker:
        """Connect."""
        return Talker(self.path)

    def is_up(self) -> bool:
        """Whether the intake answers; the connection is closed on both sides afterwards."""
        try:
            with self.talk() as client:
                client.end()
                return client.is_closed()
        except OSError:
            return False

    def finish(self) -> None:
        """Stop, and wait for the end."""
        self.stop.set()
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive(), "the intake does not stop"


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose name leaves room for a socket's: the system takes 107 bytes in all."""
    directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def serving(
    path: Path,
    make: Callable[[Path], Intake] = UnixIntake,
    wrap: Callable[[JobQueue], Queue] = lambda queue: queue,
    host: str = "",
    lanes: LanePolicy | None = None,
) -> Iterator[Served]:
    """Serve on ``path`` for the length of a ``with`` block.

    Args:
        path: the socket.
        make: makes the intake.
        wrap: what the intake is given in place of the queue.
        host: that of the forge.
        lanes: what the settings make of lanes, if they have reviewers.
    """
    store = BlockableStore()
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    queue = wrap(JobQueue(store, pace, host=host, lanes=lanes))
    with StopFlag() as stop:
        served = Served(path=path, store=store, stop=stop)
        intake = make(path)
        served.thread = threading.Thread(target=intake.serve, args=(queue, stop))
        served.thread.start()
        try:
            until(lambda: served.is_up() or not served.thread.is_alive())
            yield served
        finally:
            store.release()
            served.finish()
