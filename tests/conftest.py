"""What all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.service import wheelhouse

# How long an example takes depends on who else uses the machine: no test may fail for that.
settings.register_profile("full", deadline=None, max_examples=200, print_blob=True)
# The same few examples each time: what turns red has been changed.
settings.register_profile(
    "small", deadline=None, max_examples=20, stateful_step_count=30, derandomize=True
)
settings.load_profile("small")

# A shell makes what it starts in the background deaf to SIGINT, and so would its children be.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same for SIGHUP and nohup. Ignoring is inherited, a handler is not.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)


SHARED = ("browser", "examples", "postgres")
"""Directories whose tests share what is costly to make: one worker of pytest runs each of them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share fixtures together, and begin with those that take longest."""
    for item in items:
        directory = item.path.parent.name
        group = directory if directory in SHARED else f"{directory}/{item.path.stem}"
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: "machine" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Comenq's wheel, and those of all that it needs: one set for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return wheelhouse.make_once(
        (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheels"
    )


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's proxies, authorities and credentials out of the tests."""
    for name in list(os.environ):
        if name.endswith(("_CA_BUNDLE", "CREDENTIALS_DIRECTORY")) or name.lower().endswith(
            "_proxy"
        ):
            monkeypatch.delenv(name)
