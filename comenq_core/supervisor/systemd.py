"""Reports the daemon's state to systemd, from inside supervisord's loop.

While the loop runs, it resets the watchdog; when it hangs, or a program makes no progress and
restarts do not help, systemd kills and restarts everything.
https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from supervisor import events

__all__ = ["Report", "notify", "sentence"]

# supervisord does nothing else while it waits, so this has to be far less than the watchdog's time.
TIMEOUT_SECONDS = 1.0


def notify(*assignments: str) -> None:
    """Send assignments such as ``READY=1`` to the service manager, if one listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # A manager that does not read must not block the daemon's loop.
        manager.settimeout(TIMEOUT_SECONDS)
        manager.connect(address)
        manager.send("\n".join(assignments).encode())


class Report:
    """Reports on the daemon as long as supervisord runs.

    Args:
        all_run: whether every program is running, as supervisord sees it.
        is_ending: whether supervisord is about to end, and not to reload.
    """

    def __init__(self, all_run: Callable[[], bool], is_ending: Callable[[], bool]) -> None:
        self._all_run = all_run
        self._is_ending = is_ending
        self.is_ready = False
        events.subscribe(events.SupervisorStoppingEvent, self._stop)

    def reset_watchdog(self) -> None:
        """Say that every program makes progress, or may still do so after a restart."""
        notify("WATCHDOG=1")

    def update(self, status: dict[str, Any] | None) -> None:
        """Say what the daemon does, and once that it is ready.

        Args:
            status: the member of that name in the reply to the operation ``status``; ``None`` if
                there is no such reply, empty if the listener cannot be asked.
        """
        if status is None:
            notify("STATUS=The listener does not answer.")
            return
        notify(f"STATUS={sentence(status) if status else 'Running.'}")
        if not self.is_ready and self._all_run() and status.get("working") is not False:
            self.is_ready = True
            notify("READY=1")

    def _stop(self, _event: object) -> None:
        if self._is_ending():
            notify("STOPPING=1", "STATUS=The current post is finished first.")


def sentence(status: dict[str, Any]) -> str:
    """The text of ``systemctl status``: how many jobs wait, and when the next is posted.

    Args:
        status: the member of that name in the reply to the operation ``status``.
    """
    counts, first = status["counts"], status["next"]
    words = f"{counts['waiting']} waiting, {counts['failed']} failed"
    if unconfirmed := counts.get("unconfirmed"):
        words = f"{words}, {unconfirmed} unconfirmed"
    if status["working"] is False:
        return f"{words}; no worker runs."
    if status["paused"]:
        return f"{words}; paused."
    if first is None:
        return f"{words}."
    if first["eta_seconds"] is None:
        return f"{words}; no account can post."
    at = time.localtime(time.time() + first["eta_seconds"])
    return f"{words}; next post at {time.strftime('%Y-%m-%d %H:%M:%S %z', at)}."
