"""Where an installation puts its files, for a machine or for a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Places", "of_machine", "of_user"]

# systemd looks for units below these directories and below /etc.
# https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Unit%20File%20Load%20Path
KNOWN_PREFIXES = (Path("/usr"), Path("/usr/local"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Directories, by the paths that they have when comenq runs.

    Args:
        commands: has ``comenq``.
        daemons: has ``comenqd``.
        share: has the directories of manual pages and shell completions.
        units: has systemd's units.
        unit: the name of the unit in ``conf``.
        config: has ``config.toml`` and the token.
        state: has the queue.
    """

    commands: Path
    daemons: Path
    share: Path
    units: Path
    unit: str
    config: Path
    state: Path

    @property
    def daemon(self) -> Path:
        """The path of ``comenqd``."""
        return self.daemons / "comenqd"

    @property
    def token(self) -> Path:
        """The file for the token."""
        return self.config / "github_token"


def of_machine(prefix: Path) -> Places:
    """The places for a machine, with commands in ``prefix``/bin and ``prefix``/sbin."""
    return Places(
        commands=prefix / "bin",
        daemons=prefix / "sbin",
        share=prefix / "share",
        units=(prefix / "lib" if prefix in KNOWN_PREFIXES else Path("/etc")) / "systemd/system",
        unit="comenq.service",
        config=Path("/etc/comenqd"),
        state=Path("/var/lib/comenq"),
    )


def of_user(environ: Mapping[str, str]) -> Places:
    """The places for a user.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    home = Path(environ["HOME"])
    share = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    state = Path(environ.get("XDG_STATE_HOME") or home / ".local/state")
    return Places(
        commands=home / ".local/bin",
        daemons=home / ".local/bin",
        share=share,
        units=config / "systemd/user",
        unit="comenq-user.service",
        config=config / "comenqd",
        state=state / "comenq",
    )
