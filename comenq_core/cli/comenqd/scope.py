"""Which daemon a command is about."""

from __future__ import annotations

import os
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from comenq_core.cli.exit_status import UsageError
from comenq_core.errors import SettingsError
from comenq_core.install.deployment import Deployment, session, the_machines, the_users
from comenq_core.install.places import of_user
from comenq_core.settings import CONFIG_VARIABLE
from comenq_core.text import nearest

__all__ = ["add_name", "add_scope", "chosen", "configuration_of", "with_name"]


def add_name(parser: ArgumentParser) -> None:
    """Add the option that names one of the user's daemons; it may stand before the command."""
    parser.add_argument(
        "--name",
        metavar="NAME",
        default=SUPPRESS,
        help="your daemon of this name, beside the first one",
    )


def with_name(name: str) -> str:
    """What a command needs to be about the same daemon."""
    return f" --name {name}" if name else ""


def configuration_of(given: Namespace, environ: Mapping[str, str]) -> Path | None:
    """The configuration that the command line names, by its path or by the daemon's name.

    Raises:
        UsageError: it names both.
        SettingsError: the user has no daemon of this name.
    """
    config: Path | None = given.config
    if not given.name:
        return config
    if config:
        raise UsageError("--config and --name both name a configuration: give one of them")
    file = of_user(environ, given.name).config
    if file.exists():
        return file
    meant = nearest(given.name, [other.stem for other in file.parent.glob("*.toml")])
    hint = f"did you mean {meant}?" if meant else f"run comenqd setup{with_name(given.name)}"
    raise SettingsError(f"there is no daemon {given.name}, since there is no {file}; {hint}")


def add_scope(parser: ArgumentParser) -> None:
    """Add the option for the machine's daemon."""
    parser.add_argument(
        "--system", action="store_true", help="the daemon of the whole machine, as root"
    )


def chosen(given: Namespace) -> Deployment:
    """The deployment that the command line is about.

    The environment of this process becomes that of the user's session, where it is not.

    Raises:
        SettingsError: the name is wrong, or a configuration of another place is named.
    """
    config = getattr(given, "config", None) or os.environ.get(CONFIG_VARIABLE)
    if given.system:
        where = the_machines(given.name)
    else:
        os.environ.update(session(os.environ, os.getuid()))
        where = the_users(os.environ, given.name)
    if config and str(config) != str(where.places.config):
        raise SettingsError(
            f"the configuration of this daemon is {where.places.config}: leave out --config and"
            f" {CONFIG_VARIABLE}, and name another daemon with --name"
        )
    return where
