"""Which daemon ``comenqd setup`` and ``comenqd service`` are about."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from comenq_core.errors import SettingsError
from comenq_core.install.deployment import Deployment, session, the_machines, the_users
from comenq_core.settings import CONFIG_VARIABLE

__all__ = ["add_scope", "chosen"]


def add_scope(parser: ArgumentParser) -> None:
    """Add the options that tell which daemon is meant."""
    parser.add_argument(
        "--name", metavar="NAME", default="", help="your daemon of this name, beside the first one"
    )
    parser.add_argument(
        "--system", action="store_true", help="the daemon for everybody on this machine, as root"
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
