"""The selected intakes: each in a thread of its own, and started again when it ends by itself."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from select import select
from typing import Self

from comenq_core.errors import ComenqError, SettingsError
from comenq_core.plugins.registry import Registry
from comenq_core.process.isolation import described
from comenq_core.process.log import Log
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Intake, Queue, Stop
from comenq_core.settings import Settings
from comenq_core.text import printable

__all__ = ["Intakes"]

STOP_SECONDS = 5.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STEADY_SECONDS = 300.0
"""An intake that has served for so long begins with the first pause again."""

log = Log("listener")


class Intakes:
    """Runs the intakes that the settings select.

    Args:
        plugins: offer them.
        settings: select them.

    Raises:
        PluginError: one cannot be made.
        SettingsError: one refuses the settings.
    """

    def __init__(self, plugins: Registry, settings: Settings) -> None:
        self._plugins = plugins
        self._settings = settings
        self._made = plugins.intakes(settings)
        self._threads: dict[str, threading.Thread] = {}
        self._ended: deque[tuple[str, BaseException | None]] = deque()
        self._began: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._faults: dict[str, str] = {}

    def faults(self) -> Sequence[str]:
        """Which intakes do not serve, with their plugins and causes. For any thread."""
        now = time.monotonic()
        return [
            text
            for name, text in self._faults.copy().items()
            if name in self._due or now - self._began[name] < self._pauses[name]
        ]

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Run them until ``stop`` is set. For the main thread, in which factories are called.

        Raises:
            SettingsError: an intake cannot serve with the settings.
        """
        with StopFlag() as closing, _Wakeup() as wake:
            try:
                for name, intake in self._made.items():
                    self._start(name, intake, queue, closing, wake)
                while not stop.is_set():
                    wake.drain()
                    self._note_ended()
                    self._start_due(queue, closing, wake)
                    select([stop.fileno(), wake.fileno()], [], [], self._until_due())
            finally:
                closing.set()
                for thread in self._threads.values():
                    thread.join(STOP_SECONDS)

    def _start(self, name: str, intake: Intake, queue: Queue, closing: Stop, wake: _Wakeup) -> None:
        def serve() -> None:
            cause: BaseException | None = None
            try:
                intake.serve(queue, closing)
            except BaseException as error:  # noqa: BLE001 -- a plugin may raise anything
                cause = error
            self._ended.append((name, cause))
            wake.send()

        self._began[name] = time.monotonic()
        self._threads[name] = threading.Thread(target=serve, name=name, daemon=True)
        self._threads[name].start()

    def _note_ended(self) -> None:
        while self._ended:
            name, cause = self._ended.popleft()
            if isinstance(cause, SettingsError):
                raise cause
            self._postpone(name, described(cause) if cause else "it returned without being asked")

    def _until_due(self) -> float | None:
        now = time.monotonic()
        return max(0.0, min(self._due.values()) - now) if self._due else None

    def _postpone(self, name: str, reason: str) -> None:
        served = time.monotonic() - self._began[name]
        before = self._pauses.get(name, 0.0) if served < STEADY_SECONDS else 0.0
        pause = min(LONGEST_PAUSE, 2 * before or FIRST_PAUSE)
        self._pauses[name], self._due[name] = pause, time.monotonic() + pause
        plugin = self._plugins.intake_plugin(name)
        self._faults[name] = f"the intake {printable(name)} of {plugin} has ended: {reason}"
        log.error("intake_ended", "An intake has ended by itself; it is started again.",
                  intake=name, plugin=plugin, reason=reason, pause=pause)  # fmt: skip

    def _start_due(self, queue: Queue, closing: Stop, wake: _Wakeup) -> None:
        now = time.monotonic()
        for name in [name for name, due in self._due.items() if due <= now]:
            try:
                intake = self._plugins.intake(self._settings, name)
            except ComenqError as error:
                self._postpone(name, str(error))
                continue
            del self._due[name]
            self._start(name, intake, queue, closing, wake)
            log.info("intake_restarted", "An intake is started again.", intake=name)


class _Wakeup:
    """Ends the main thread's wait; a thread that sends after the end does nothing."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.settimeout(0)
        self._writer.settimeout(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._writer.close()

    def send(self) -> None:
        with suppress(OSError):
            self._writer.send(b".")

    def drain(self) -> None:
        with suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass

    def fileno(self) -> int:
        return self._reader.fileno()
