"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine: no test may fail for that.
settings.register_profile("comenq", deadline=None, print_blob=True)
settings.load_profile("comenq")

# A shell makes what it starts in the background deaf to SIGINT, and so would its children be.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same for SIGHUP and nohup. Ignoring is inherited, a handler is not.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)


# Fixtures of many tests that are costly to make: a machine, a server, an installation, a daemon.
SHARED = frozenset({"commands", "described", "machine", "packages", "server", "ways"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one process run all tests of a module that share something, so that it is made once.

    https://pytest-xdist.readthedocs.io/en/stable/distribution.html
    """
    for item in items:
        if isinstance(item, pytest.Function) and SHARED.intersection(item.fixturenames):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's proxies, authorities and credentials out of the tests."""
    for name in list(os.environ):
        if name.endswith(("_CA_BUNDLE", "CREDENTIALS_DIRECTORY")) or name.lower().endswith(
            "_proxy"
        ):
            monkeypatch.delenv(name)
