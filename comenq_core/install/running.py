"""Finds a daemon that no service manager has started, so that none can stop it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from comenq_core.errors import ComenqError
from comenq_core.install.places import Places
from comenq_core.settings import load
from comenq_core.supervisor.launch import is_served, private_directory

__all__ = ["DaemonStopped", "served_socket"]


def served_socket(places: Places) -> Path | None:
    """The socket of the daemon that runs with the installation's configuration, or ``None``."""
    config = places.config / "config.toml"
    # Without a valid configuration there is no way to find it.
    with suppress(ComenqError, OSError):
        settings = load(config if config.is_file() else None, os.environ)
        if is_served(str(private_directory(settings) / "supervisor.sock")):
            return settings.socket_path
    return None


@dataclass(frozen=True, slots=True)
class DaemonStopped:
    """Stop the installation while a daemon runs.

    Args:
        places: the places of the installation.
    """

    places: Places

    def is_done(self) -> bool:
        """Whether no daemon runs."""
        return served_socket(self.places) is None

    def do(self) -> None:
        """Refuse to stop it: what started it would start it again.

        Raises:
            ChildProcessError: always; the text says how to stop the daemon.
        """
        raise ChildProcessError(
            f"a daemon serves {served_socket(self.places)}: stop it where it was started, or with"
            f" {self.places.daemon} ctl shutdown; nothing was removed"
        )

    def __str__(self) -> str:
        return "check that no daemon runs"
