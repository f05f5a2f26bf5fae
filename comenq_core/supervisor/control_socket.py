"""supervisord's control socket, made again where it was swept: `comenqd ctl` always finds it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from supervisor import events

from comenq_core.errors import SettingsError
from comenq_core.process.log import Log
from comenq_core.supervisor.directory import is_served, make_private

__all__ = ["ControlSocket"]

_NAME = "supervisor.sock"
_MODE = 0o600
_BACKLOG = 1024

log = Log("supervisor")


class ControlSocket:
    """Looks every few seconds whether the socket is there.

    Args:
        directory: where it has to be.
        listener: the descriptor that supervisord accepts connections from; whatever listens there
            next is put in its place.
    """

    def __init__(self, directory: Path, listener: Callable[[], int]) -> None:
        self._directory = directory
        self._listener = listener
        self._is_told = False
        events.subscribe(events.Tick5Event, self.check)

    def check(self, _event: object) -> None:
        """Listen again if nobody can connect."""
        with suppress(OSError):
            # The socket's path relative to it may be shorter than the longest that can be bound.
            os.chdir(self._directory)
            if is_served(_NAME):
                return
        try:
            make_private(self._directory)
            os.chdir(self._directory)
            self._listen()
        except (OSError, SettingsError) as error:
            if not self._is_told:
                log.error("not_listening", "The control socket was swept and cannot be made again,"
                          " so comenqd ctl does not work; the daemon tries again.",
                          reason=error)  # fmt: skip
            self._is_told = True
            return
        self._is_told = False
        log.warning("address_lost", "The control socket was swept; it is there again.",
                    path=self._directory / _NAME)  # fmt: skip

    def _listen(self) -> None:
        draft = Path(f".{os.getpid():x}")
        draft.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.settimeout(0)
            listener.bind(os.fspath(draft))
            draft.chmod(_MODE)
            listener.listen(_BACKLOG)
            os.dup2(listener.fileno(), self._listener(), inheritable=False)
        draft.rename(_NAME)
