"""Whether a daemon runs, and which one: of this version, or of before an upgrade."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from comenq_core.errors import ComenqError
from comenq_core.settings import Settings, load
from comenq_core.supervisor.directory import is_served, private_directory

__all__ = ["DaemonStopped", "runs", "started_at"]


def runs(settings: Settings) -> bool:
    """Whether a daemon runs with these settings."""
    try:
        return is_served(str(private_directory(settings) / "supervisor.sock"))
    except PermissionError:
        return False


def started_at(settings: Settings) -> float:
    """When the daemon with these settings was started, in Unix seconds; infinite if none runs."""
    with suppress(OSError):
        if runs(settings):
            return (private_directory(settings) / "supervisord.pid").stat().st_mtime
    return float("inf")


@dataclass(frozen=True, slots=True)
class DaemonStopped:
    """Stop the uninstallation while a daemon runs with this configuration."""

    config: Path

    def is_done(self) -> bool:
        # Without a valid configuration there is no way to find it.
        with suppress(ComenqError):
            return not runs(load(self.config, os.environ)) if self.config.is_file() else True
        return True

    def do(self) -> None:
        """Refuse to stop it: what started it would start it again.

        Raises:
            ChildProcessError: always; the text says how to stop the daemon.
        """
        raise ChildProcessError(
            f"a daemon runs with {self.config}: stop it where it was started, or with"
            f" comenqd ctl shutdown --config {self.config}; nothing else was removed"
        )

    def __str__(self) -> str:
        return "check that no daemon runs"
