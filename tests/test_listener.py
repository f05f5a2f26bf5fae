"""An intake that ends by itself is started again, while the others serve."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from comenq_core import StoreError, hookimpl
from comenq_core.errors import SettingsError
from comenq_core.listener import intakes, main
from comenq_core.plugins import registry
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Intake, Queue, Stop
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore


class Panic(BaseException):
    """What an extension raises."""


class Quitter:
    """An intake that ends by itself, in some way."""

    def __init__(self, how: BaseException | None) -> None:
        self._how = how

    def serve(self, queue: Queue, stop: Stop) -> None:
        """End."""
        if self._how:
            raise self._how


class Ending:
    """An intake that tells the status' faults, and has the listener end."""

    def __init__(self, flag: StopFlag, told: list[tuple[str, ...]]) -> None:
        self._flag = flag
        self._told = told

    def serve(self, queue: Queue, stop: Stop) -> None:
        """End the listener."""
        self._told.append(queue.status().faults)
        self._flag.set()
        stop.wait()


class Serving:
    """An intake that serves until it has to stop."""

    def __init__(self) -> None:
        self.served = 0
        self.ended = threading.Event()

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Wait."""
        self.served += 1
        stop.wait()
        self.ended.set()


def install(monkeypatch: pytest.MonkeyPatch, **offers: Callable[[Settings], Intake]) -> Settings:
    """Offer these intakes, and select them."""

    class Plugin:
        @staticmethod
        @hookimpl
        def comenq_intakes() -> object:
            return offers

        @staticmethod
        @hookimpl
        def comenq_stores() -> object:
            return {"memory": lambda _: MemoryStore(FakeClock())}

    plugins = registry.load([("test", Plugin)])
    monkeypatch.setattr(registry, "load", lambda: plugins)
    monkeypatch.setattr(intakes, "FIRST_PAUSE", 0.01)
    return Settings(store="memory", intakes=tuple(offers))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (None, "it returned without being asked"),
        (RuntimeError("a defect"), "RuntimeError: a defect"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (Panic("broken"), "Panic: broken"),
        (StoreError("no disk"), "StoreError: no disk"),
    ],
)
def test_an_intake_that_ends_by_itself_is_started_again(
    how: BaseException | None,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However it ends, the log and the status name its plugin, and the others serve on."""
    serving = Serving()
    told: list[tuple[str, ...]] = []
    made: list[int] = []
    with StopFlag() as stop, caplog.at_level(logging.INFO, "comenq"):

        def quitter(_: Settings) -> Intake:
            made.append(1)
            return Quitter(how) if len(made) < 4 else Ending(stop, told)

        settings = install(monkeypatch, serving=lambda _: serving, quitter=quitter)
        assert main.run(settings, stop) == 0
    assert serving.served == 1
    assert serving.ended.is_set()
    assert told == [(f"the intake quitter of plugin test of no distribution has ended: {reason}",)]
    ended = [line for line in caplog.messages if "intake_ended" in line]
    assert [line.rpartition("pause=")[2] for line in ended] == ["0.01", "0.02", "0.04"]
    assert all('plugin="plugin test of no distribution"' in line for line in ended)


def test_an_intake_that_refuses_the_settings_ends_the_listener(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a user has to correct is no defect of the plugin's, and no pause mends it."""
    how = SettingsError("[quitter] path: is no directory")
    settings = install(monkeypatch, serving=lambda _: Serving(), quitter=lambda _: Quitter(how))

    with StopFlag() as stop, pytest.raises(SettingsError, match="is no directory"):
        main.run(settings, stop)
