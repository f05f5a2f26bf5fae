"""A user's own daemon, with its files where nobody has to say."""

from __future__ import annotations

from pathlib import Path

from tests.process.daemon import Daemon

__all__ = ["OwnDaemon"]


class OwnDaemon(Daemon):
    """``comenqd --config ~/.config/comenqd/NAME.toml``, and clients that find it.

    Args:
        api_url: the stand-in to post to.
        name: the daemon's name; ``""`` for the one without.
        home: the user's directory, where this is another one of a user's daemons.
    """

    def __init__(self, api_url: str, name: str = "", home: Path | None = None) -> None:
        super().__init__(api_url, socket_path=None, queue_path=None)
        self.name = name
        self.home = home or self.directory
        self.queue = self.home / ".local/state/comenq" / name / "queue"

    @property
    def environment(self) -> dict[str, str]:
        """What a cron job has, and ``variables``."""
        cron = {"HOME": str(self.home), "PATH": super().environment["PATH"]}
        return {**cron, **self.variables}

    @property
    def config(self) -> Path:
        """The configuration file."""
        directory = self.home / ".config/comenqd"
        directory.mkdir(parents=True, exist_ok=True)
        return super().config.replace(directory / f"{self.name or 'config'}.toml")

    @property
    def dropped(self) -> list[Path]:
        """The files that wait in the spool, which are jobs or are to become jobs."""
        return sorted((self.queue / "new").iterdir())
