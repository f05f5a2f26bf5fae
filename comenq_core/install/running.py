"""A daemon that no service manager has started, so that none can be asked to stop it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from comenq_core.errors import ComenqError
from comenq_core.install.places import Places
from comenq_core.settings import load
from comenq_core.supervisor.launch import is_served, private_directory

__all__ = ["Ended", "served_socket"]


def served_socket(places: Places) -> Path | None:
    """The socket of the daemon that runs with the configuration of an installation, if one does."""
    config = places.config / "config.toml"
    # With a configuration that is not in order, or is gone, there is nothing to find it by.
    with suppress(ComenqError, OSError):
        settings = load(config if config.is_file() else None, os.environ)
        if is_served(str(private_directory(settings) / "supervisor.sock")):
            return settings.socket_path
    return None


@dataclass(frozen=True, slots=True)
class Ended:
    """Go on only when no daemon runs any more.

    Args:
        places: of the installation.
    """

    places: Places

    def is_done(self) -> bool:
        """Whether none does."""
        return served_socket(self.places) is None

    def do(self) -> None:
        """Refuse: whatever has started it would start it again.

        Raises:
            ChildProcessError: always; the text says how to stop it.
        """
        raise ChildProcessError(
            f"a daemon serves {served_socket(self.places)}: stop it where it was started, or with"
            f" {self.places.daemon} ctl shutdown; nothing was removed"
        )

    def __str__(self) -> str:
        return "see that no daemon runs"
