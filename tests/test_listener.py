"""The listener ends when one of its intakes does, so that it is started again."""

from __future__ import annotations

import logging

import pytest

from comenq_core import hookimpl
from comenq_core.listener import main
from comenq_core.plugins import registry
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Queue, Stop
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore


class Quitter:
    """An intake that ends by itself, in some way."""

    def __init__(self, how: BaseException | None) -> None:
        self._how = how

    def serve(self, queue: Queue, stop: Stop) -> None:
        """End."""
        if self._how:
            raise self._how


class Serving:
    """An intake that serves until it has to stop."""

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Wait."""
        stop.wait()


@pytest.mark.parametrize("how", [None, RuntimeError("a defect"), SystemExit(3)])
def test_an_intake_that_ends_by_itself_ends_the_listener(
    how: BaseException | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However it ends, the others end too, the log names it, and the listener fails."""

    class Plugin:
        @staticmethod
        @hookimpl
        def comenq_intakes() -> object:
            return {"quitter": lambda _: Quitter(how), "serving": lambda _: Serving()}

        @staticmethod
        @hookimpl
        def comenq_stores() -> object:
            return {"memory": lambda _: MemoryStore(FakeClock())}

    plugins = registry.load([("test", Plugin)])
    monkeypatch.setattr(registry, "load", lambda: plugins)
    settings = Settings(store="memory", intakes=("serving", "quitter"))
    with StopFlag() as stop, caplog.at_level(logging.INFO, "comenq"):
        assert main.run(settings, stop) == 1
    assert any("intake_ended" in line and "intake=quitter" in line for line in caplog.messages)
