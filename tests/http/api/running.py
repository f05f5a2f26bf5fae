"""A whole daemon with the HTTP intake."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, Daemon

LISTENING = r" info http listening: .* url=(\S+?)/?$"


class WebDaemon(Daemon):
    """A daemon with the HTTP intake on a free port.

    Args:
        api_url: the stand-in to post to.
        changes: settings, as `Daemon` takes them.
    """

    def __init__(self, api_url: str, **changes: Any) -> None:
        settings = {
            "intakes": ["unix", "http"],
            "cooldown_period_seconds": 3_600,
            "http.listen": "127.0.0.1:0",
        }
        super().__init__(api_url, **{**settings, **changes})
        self.url = ""

    def token(self, name: str, scope: str) -> str:
        """Make a token, as a user does."""
        return self.comenqd("token", "create", name, "--scope", scope).split()[-1]

    def serve(self) -> None:
        """Start it, and wait until both intakes serve."""
        self.spawn()
        self.url = self.log.until(LISTENING, *READY)[1]

    def curl(self, token: str, method: str, path: str, *options: str) -> str:
        """What curl prints of an answer that is no error."""
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--fail-with-body", "--request", method,
             "--header", f"Authorization: Bearer {token}", *options, self.url + path],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        ).stdout  # fmt: skip


@contextmanager
def running(**changes: Any) -> Iterator[WebDaemon]:
    """A daemon that was not started yet, and a stand-in for GitHub, while the block lasts."""
    with Forge() as forge, WebDaemon(forge.url, **changes) as daemon:
        yield daemon
