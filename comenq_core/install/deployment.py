"""Where comenq is put into service here: for the user or for the machine, with which manager."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from comenq_core import paths
from comenq_core.errors import SettingsError
from comenq_core.install import environment
from comenq_core.install.managers import Launchd, Manager, Systemd
from comenq_core.install.places import Places, of_machine, of_user
from comenq_core.install.units import machine_unit, user_agent, user_unit
from comenq_core.supervisor.launch import conf_file

__all__ = ["BOOTED", "Deployment", "of_packages", "session", "the_machines", "the_users"]

BOOTED = Path("/run/systemd/system")
"""It exists if systemd is the machine's init."""
PACKAGED_UNIT = Path("/usr/lib/systemd/system/comenq.service")
PASSED_ON = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""The variables that decide where a user's daemon has its files; a manager may not have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A daemon's places, the environment with its code, and what runs it.

    Args:
        places: where its files are.
        venv: the virtual environment.
        manager: the service manager; ``None`` if there is none.
    """

    places: Places
    venv: Path
    manager: Manager | None

    @property
    def is_machines(self) -> bool:
        """Whether it is for the whole machine, and not for one user."""
        return bool(self.places.extras)


def session(environ: Mapping[str, str], uid: int) -> dict[str, str]:
    """The environment in which a user's systemd is found; after su, for example, it is not named.

    Args:
        environ: the environment.
        uid: the user.
    """
    usual = Path(f"/run/user/{uid}")
    if environ.get("XDG_RUNTIME_DIR") or not (usual / "systemd/private").exists():
        return dict(environ)
    return {**environ, "XDG_RUNTIME_DIR": str(usual)}


def the_users(
    environ: Mapping[str, str], name: str = "", platform: str = sys.platform
) -> Deployment:
    """The deployment for a user.

    Args:
        environ: the user's environment, as `session` gives it.
        name: the daemon's name.
        platform: the system, as ``sys.platform`` names it.

    Raises:
        SettingsError: the name is wrong, or there is no home.
    """
    places, venv = of_user(environ, name), environment.current()
    variables = {key: environ[key] for key in PASSED_ON if environ.get(key)}
    daemon = venv / "bin/comenqd"
    manager: Manager | None = None
    if platform == "darwin":
        manager = _agent(places, daemon, variables, environ)
    elif Path(environ.get("XDG_RUNTIME_DIR", "/nowhere"), "systemd/private").exists():
        text = user_unit(
            conf_file("comenq-user.service").read_text(), daemon, places.config, variables
        )
        file = Path(str(paths.user_unit(environ, name)))
        manager = Systemd(("--user",), file.name, file, text)
    return Deployment(places=places, venv=venv, manager=manager)


def _agent(
    places: Places, daemon: Path, variables: Mapping[str, str], environ: Mapping[str, str]
) -> Launchd:
    file = Path(str(paths.user_agent(environ, places.name)))
    label = file.stem
    log = Path(environ["HOME"], f"Library/Logs/{label}.log")
    command = (str(daemon), "--config", str(places.config))
    text = user_agent(
        conf_file("org.comenq.comenqd.plist").read_bytes(), label, command, log, variables
    )
    return Launchd(f"gui/{os.getuid()}", label, file, text, log)


def the_machines(name: str = "") -> Deployment:
    """The deployment for the machine.

    Raises:
        SettingsError: it has a name.
    """
    if name:
        raise SettingsError("--name: only a user's own daemons have names, not that of --system")
    prefix = Path("/usr" if of_packages() else "/usr/local")
    places = of_machine(prefix)
    manager = None
    if BOOTED.is_dir() and shutil.which("systemctl"):
        text = machine_unit(conf_file("comenq.service").read_text(), places.links["comenqd"])
        file = prefix / "lib/systemd/system/comenq.service"
        manager = Systemd((), "comenq.service", file, text)
    return Deployment(places=places, venv=environment.current(), manager=manager)


def of_packages() -> bool:
    """Whether a package has installed comenq for the machine."""
    return PACKAGED_UNIT.exists()
