"""The end of ``comenqd setup``: the daemon answers, and what to type first."""

from __future__ import annotations

import os
import pwd
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from comenq_core.cli.comenqd.scope import with_name
from comenq_core.client import Client
from comenq_core.errors import ComenqError, DaemonUnreachable
from comenq_core.install import environment
from comenq_core.install.account import ACCOUNT
from comenq_core.install.deployment import BOOTED, Deployment
from comenq_core.install.running import runs, started_at
from comenq_core.install.steps import Command, run_steps
from comenq_core.plugins import registry
from comenq_core.settings import Settings

__all__ = ["by_hand", "finish", "lasting"]

TIMEOUT_SECONDS = 60.0
PAUSE = 0.1
LINGERING = Path("/var/lib/systemd/linger")


def lasting(where: Deployment) -> str:
    """Have a user's service outlive the user's sessions; return what to do if that is refused."""
    user = _user_name()
    is_lingering = (LINGERING / user).exists
    if where.manager is None or not BOOTED.is_dir() or is_lingering():
        return ""
    with suppress(OSError):
        run_steps([Command(("loginctl", "enable-linger"), is_lingering)], lambda step: step.do())
    if is_lingering():
        return ""
    return f"It stops when you log out. To keep it running: sudo loginctl enable-linger {user}"


def _user_name() -> str:
    """The user's name, or the number of a user without one, as in some containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def finish(where: Deployment, settings: Settings, note: str) -> None:
    """Wait until the daemon answers, and say what to do next."""
    plugins = registry.load()
    if where.manager is None and not runs(settings):
        if not where.is_machines:
            # From now on, comments can be saved there while the daemon does not run.
            plugins.store(settings)
        print(by_hand(where))
    else:
        _await(plugins.client_sockets(settings), where.places.name)
        print("The daemon runs.")
        if where.manager is None and started_at(settings) < environment.installed_at(where.venv):
            print("It still runs the version before the upgrade: restart it.")
        if where.is_machines:
            add = f"sudo usermod --append --groups {ACCOUNT} USER"
            print(f"Members of the group {ACCOUNT} may queue comments: {add}")
        if note:
            print(note)
    name = f" --daemon {where.places.name}" if where.places.name else ""
    print(f'Queue a comment:\n    {_client(where)}{name} OWNER/REPO NUMBER "Looks good"')


def _client(where: Deployment) -> str:
    """What to type for the client of this environment."""
    own, found = where.venv / "bin/comenq", shutil.which("comenq")
    return "comenq" if found and own.exists() and own.samefile(found) else str(own)


def by_hand(where: Deployment) -> str:
    """How to run the daemon without a service manager."""
    cause = "No service manager runs here."
    if BOOTED.is_dir() and not where.is_machines:
        cause = (
            f"Your own systemd does not run: sudo loginctl enable-linger {_user_name()} starts it;"
            f" run comenqd setup{with_name(where.places.name)} again then."
        )
    become = f"sudo -u {ACCOUNT} " if where.is_machines else ""
    daemon = f"{where.venv / 'bin/comenqd'} --config {where.places.config}"
    return f"{cause} Start the daemon, and keep it running:\n    {become}{daemon}"


def _await(sockets: Sequence[Path], name: str) -> None:
    """Wait until the daemon answers.

    Raises:
        DaemonUnreachable: that takes too long.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for path in sockets:
        while not _answers(path):
            if time.monotonic() > deadline:
                logs = f"comenqd service logs{with_name(name)}"
                raise DaemonUnreachable(f"the daemon does not answer on {path}: see {logs}")
            time.sleep(PAUSE)


def _answers(path: Path) -> bool:
    with suppress(OSError, ComenqError), Client(str(path)) as client:
        client.ask({"op": "ping"})
        return True
    return False
