"""Where comenq's files go, for one of a user's daemons or for the machine's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from comenq_core import paths
from comenq_core.errors import SettingsError
from comenq_core.text import printable

__all__ = ["CREDENTIAL", "Places", "of_machine", "of_user"]

CREDENTIAL = "${CREDENTIALS_DIRECTORY}/github_token"
"""Where the machine's daemon finds its token, which systemd hands over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the files of one daemon go, by the paths that they have when comenq runs.

    Args:
        name: the daemon's name; ``""`` for the machine's, and for a user's only one.
        config: its configuration.
        token: the file for its token.
        state: has the queue, and what else a daemon leaves.
        queue: the queue.
        links: the commands, by their names.
        share: has the directories of manual pages and shell completions.
        extras: other files for systemd, by their names in ``conf``.
    """

    name: str = ""
    config: Path
    token: Path
    state: Path
    queue: Path
    links: Mapping[str, Path]
    share: Path
    extras: Mapping[str, Path] = field(default_factory=dict)


def of_machine(prefix: Path) -> Places:
    """The places for a machine: commands and manual in ``prefix``, /usr or /usr/local."""
    return Places(
        config=Path("/etc/comenqd/config.toml"),
        token=Path("/etc/comenqd/github_token"),
        state=Path("/var/lib/comenq"),
        queue=Path("/var/lib/comenq/queue"),
        links={"comenq": prefix / "bin/comenq", "comenqd": prefix / "sbin/comenqd"},
        share=prefix / "share",
        extras={
            "comenq.sysusers": prefix / "lib/sysusers.d/comenq.conf",
            "comenq.tmpfiles": prefix / "lib/tmpfiles.d/comenq.conf",
        },
    )


def of_user(environ: Mapping[str, str], name: str = "") -> Places:
    """The places for a user's daemon.

    Args:
        environ: the user's environment.
        name: the daemon's name; ``""`` for the one without a name.

    Raises:
        SettingsError: no daemon can have the name, or the user has no home.
    """
    if name and (fault := paths.name_fault(name)):
        raise SettingsError(f"--name: {printable(fault)}")
    home = environ.get("HOME", "")
    config, queue = paths.config_file(environ, name), paths.queue(environ, name)
    if config is None or queue is None or not home.startswith("/"):
        raise SettingsError("HOME: is not set: comenq needs it to find your directories")
    token = f"{name}.token" if name else "github_token"
    commands = Path(home, ".local/bin")
    share = environ.get("XDG_DATA_HOME", "")
    return Places(
        name=name,
        config=Path(config),
        token=Path(config).with_name(token),
        state=Path(queue).parent,
        queue=Path(queue),
        links={command: commands / command for command in ("comenq", "comenqd")},
        share=Path(share if share.startswith("/") else f"{home}/.local/share"),
    )
