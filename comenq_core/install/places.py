"""Where an installation puts things: a machine's for everybody, or a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Places", "of_machine", "of_user"]

# systemd looks below these, and below /etc, for units and the like.
# https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Unit%20File%20Load%20Path
KNOWN_PREFIXES = (Path("/usr"), Path("/usr/local"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Directories, as they are called when comenq runs.

    Args:
        commands: of ``comenq``.
        daemons: of ``comenqd``.
        share: above those of manual pages and of what shells complete.
        units: of systemd's units.
        unit: the file among comenq's that is its unit.
        config: of ``config.toml`` and of the token.
        state: of the queue.
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
        """The command that runs the whole daemon."""
        return self.daemons / "comenqd"

    @property
    def token(self) -> Path:
        """The file in which the token is to be."""
        return self.config / "github_token"


def of_machine(prefix: Path) -> Places:
    """The places of an installation for everybody, with commands in ``prefix``/bin and /sbin."""
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
    """The places of a user's own installation.

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
