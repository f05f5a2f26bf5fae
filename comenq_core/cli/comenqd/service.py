"""``comenqd service``: control the service, whichever service manager runs it."""

from __future__ import annotations

import os
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain

from comenq_core.cli.comenqd.ready import by_hand
from comenq_core.cli.comenqd.scope import add_name, add_scope, chosen, with_name
from comenq_core.cli.exit_status import UsageError
from comenq_core.errors import ComenqError, DaemonUnreachable, SettingsError
from comenq_core.install import environment
from comenq_core.install.deployment import Deployment, of_packages, the_machines
from comenq_core.install.plan import Installation, purge, uninstall
from comenq_core.install.running import runs, started_at
from comenq_core.install.steps import run_steps
from comenq_core.settings import Settings, load
from comenq_core.text import words_of

__all__ = ["add_options", "service"]

ACTIONS = ("status", "start", "stop", "restart", "logs", "uninstall")


def add_options(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, help="what to do with the service")
    parser.add_argument("--follow", action="store_true", help="with logs: follow the new lines")
    parser.add_argument(
        "--purge",
        action="store_true",
        help="with uninstall: remove configuration, token and queue, too",
    )
    add_name(parser)
    add_scope(parser)


def service(_flags: Mapping[str, str], given: Namespace) -> int:
    """Do something with the service; return the exit status of the service manager's command.

    Raises:
        UsageError: no action is given.
        ComenqError: there is no service, or it cannot be uninstalled.
    """
    if given.action is None:
        raise UsageError(f"service: say what to do with it: {', '.join(ACTIONS)}")
    where = _installed(given)
    if given.action == "uninstall":
        return _uninstall(where, given)
    if where.manager is None or not where.manager.file.exists():
        raise DaemonUnreachable(_no_service(where, given))
    options = ["--follow"] if given.follow and given.action == "logs" else []
    command = [*where.manager.command(given.action), *options]
    try:
        status = subprocess.run(command, check=False).returncode
    except FileNotFoundError:
        raise DaemonUnreachable(f"there is no command {command[0]} here") from None
    if given.action == "logs" and status > 0:
        raise ComenqError(f"the log cannot be read: {where.manager.unreadable_logs}")
    if given.action == "status" and _is_outdated(where):
        print(
            "The daemon runs the version before the last upgrade: run comenqd service restart"
            f"{with_name(given.name)}"
        )
    return status


def _installed(given: Namespace) -> Deployment:
    """The deployment that is meant: by default the user's own, else the machine's."""
    where = chosen(given)
    if where.is_machines or given.name or where.places.config.exists():
        return where
    machines = the_machines()
    return machines if machines.manager and machines.manager.file.exists() else where


def _settings(where: Deployment) -> Settings | None:
    with suppress(ComenqError):
        return load(where.places.config, os.environ)
    return None


def _is_outdated(where: Deployment) -> bool:
    settings = _settings(where)
    return settings is not None and started_at(settings) < environment.installed_at(where.venv)


def _no_service(where: Deployment, given: Namespace) -> str:
    settings = _settings(where)
    if settings and runs(settings):
        return (
            f"no service manager runs the daemon that serves {settings.socket_path}: it was started"
            f" by hand; see comenqd ctl{with_name(given.name)}"
        )
    if settings and where.manager is None:
        return by_hand(where)
    return f"no service is installed: run comenqd setup{with_name(given.name)}"


def _uninstall(where: Deployment, given: Namespace) -> int:
    if where.is_machines and of_packages():
        raise SettingsError("a package has installed this service: remove the package")
    places = where.places
    steps = uninstall(Installation(places=places, venv=where.venv, manager=where.manager))
    try:
        run_steps(chain(steps, purge(places) if given.purge else ()), lambda step: step.do())
    except OSError as error:
        raise SettingsError(words_of(error)) from error
    if not given.purge:
        print(f"The configuration {places.config} and the queue in {places.state} are kept.")
    return 0
