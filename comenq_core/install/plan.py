"""The steps to install and to uninstall, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comenq_core.install import environment
from comenq_core.install.account import ACCOUNT, add_account, has_account, remove_account
from comenq_core.install.managers import Manager
from comenq_core.install.paths import (
    Access,
    Directory,
    EmptyRemoval,
    File,
    FirstFile,
    Removal,
)
from comenq_core.install.places import Places
from comenq_core.install.relocation import Relocation
from comenq_core.install.running import DaemonStopped
from comenq_core.install.steps import Command, Step
from comenq_core.install.units import machine_unit
from comenq_core.supervisor.launch import conf_file

__all__ = ["Installation", "for_machine", "for_user", "purge", "stage", "uninstall"]

RUNTIME = Path("/run/comenq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What is to be installed.

    Args:
        places: where to.
        venv: the environment that comenq is installed in.
        manager: what runs the daemon; ``None`` if there is no service manager.
        config: the text of the configuration, unless there is one.
        token: the token to write into its file; ``""`` if none is to be written.
    """

    places: Places
    venv: Path
    manager: Manager | None
    config: str = ""
    token: str = ""


def for_user(wanted: Installation) -> Iterator[Step]:
    """Create what a user's daemon needs; start nothing."""
    places = wanted.places
    yield Directory(places.config.parent, Access(0o700))
    if wanted.token:
        yield File(places.token, f"{wanted.token}\n", Access(0o600))
    yield FirstFile(places.config, wanted.config, Access(0o600))
    yield from environment.owned_links(places, wanted.venv)
    if wanted.manager:
        yield from wanted.manager.install()


def for_machine(wanted: Installation) -> Iterator[Step]:
    """Create what the machine's daemon needs, and the account that it runs as; start nothing."""
    places = wanted.places
    if wanted.manager:
        yield from _extras(places)
        yield Command(("systemd-sysusers", "comenq.conf"), has_account)
    else:
        yield add_account(places.state)
    yield Directory(places.config.parent, Access(0o750, f"root:{ACCOUNT}"))
    for path in (places.state, RUNTIME):
        yield Directory(path, Access(0o750, f"{ACCOUNT}:{ACCOUNT}"))
    # Without systemd the daemon reads the token's file itself.
    keeper = Access(0o600, "root:root" if wanted.manager else f"{ACCOUNT}:{ACCOUNT}")
    if wanted.token:
        yield File(places.token, f"{wanted.token}\n", keeper)
    else:
        # The unit's LoadCredential= needs the file, even if a command prints the token.
        yield FirstFile(places.token, "", keeper)
    yield FirstFile(places.config, wanted.config, Access(0o640, f"root:{ACCOUNT}"))
    yield from environment.links(places, wanted.venv)
    if wanted.manager:
        yield from wanted.manager.install()


def uninstall(wanted: Installation) -> Iterator[Step]:
    """Stop the daemon and remove its files; keep configuration, token and queue."""
    if wanted.manager:
        yield from wanted.manager.uninstall()
    yield DaemonStopped(wanted.places.config)
    if not any(_other_daemons(wanted)):  # which the daemons of a user share
        yield from environment.removed_links(wanted.places, wanted.venv)
    for path in wanted.places.extras.values():
        yield Removal(path)


def _other_daemons(wanted: Installation) -> Iterator[Path]:
    """What tells of another daemon of this user: its service, or else its configuration."""
    if wanted.places.extras:
        return
    own = wanted.manager.file if wanted.manager else wanted.places.config
    found = own.parent.glob(f"*comenq*{own.suffix}" if wanted.manager else f"*{own.suffix}")
    yield from (path for path in found if path != own)


def purge(places: Places) -> Iterator[Step]:
    """Remove configuration, token and queue, and the machine's account."""
    for path in (places.config, places.token, places.queue, places.state / "supervisor"):
        yield Removal(path)
    yield EmptyRemoval(places.config.parent)
    yield EmptyRemoval(places.state)
    if places.extras:
        yield Removal(RUNTIME)
        yield from remove_account()


def stage(places: Places, venv: Path, config: str, root: Path) -> Iterator[Step]:
    """Create the files of a package, which creates the account and the directories itself.

    Args:
        places: where the machine has them.
        venv: where the machine has the environment.
        config: the text of the configuration.
        root: the directory that stands for ``/`` while the package is built.
    """
    yield Relocation(root / venv.relative_to("/"), venv)
    staged = {name: root / path.relative_to("/") for name, path in places.extras.items()}
    for name, path in staged.items():
        yield File(path, conf_file(name).read_text())
    yield FirstFile(root / places.config.relative_to("/"), config, Access(0o640))
    yield from environment.links(places, venv, root)
    unit = machine_unit(conf_file("comenq.service").read_text(), places.links["comenqd"])
    yield File(root / "usr/lib/systemd/system/comenq.service", unit)


def _extras(places: Places) -> Iterator[Step]:
    for name, path in places.extras.items():
        yield File(path, conf_file(name).read_text())
