"""``comenqd setup``: from an installed comenq to a daemon that answers."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from comenq_core.cli.comenqd.answers import Answers, answers, confirmed, missing_token
from comenq_core.cli.comenqd.check import line, results
from comenq_core.cli.comenqd.check_online import check_accounts
from comenq_core.cli.comenqd.credentials import from_outside
from comenq_core.cli.comenqd.foreseen import foreseen
from comenq_core.cli.comenqd.ready import finish, lasting
from comenq_core.cli.comenqd.scope import add_scope, chosen, with_name
from comenq_core.errors import DaemonUnreachable, SettingsError
from comenq_core.install import environment
from comenq_core.install.configuration import configuration
from comenq_core.install.deployment import Deployment
from comenq_core.install.plan import Installation, for_machine, for_user
from comenq_core.install.running import started_at
from comenq_core.install.steps import Step, run_steps
from comenq_core.model import CheckResult, Severity
from comenq_core.plugins import registry
from comenq_core.process.program import output_apart
from comenq_core.settings import Secret, Settings, explicit, load, variable
from comenq_core.settings.file import own_paths
from comenq_core.supervisor.launch import conf_file
from comenq_core.text import printable, words_of

__all__ = ["add_options", "setup"]


def add_options(parser: ArgumentParser) -> None:
    """Add the options of setup; all settings are options, too, and are written into the file."""
    parser.add_argument(
        "--token-file",
        dest="github_token_file",
        metavar="FILE",
        default=SUPPRESS,
        help="a file with the token, which nobody else may read; - reads it from standard input",
    )
    parser.add_argument(
        "--token-command",
        dest="github_token_command",
        metavar="COMMAND",
        default=SUPPRESS,
        help="a command that prints the token, such as: gh auth token",
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print what is missing and what would be done; change nothing, ask the forge nothing",
    )
    parser.add_argument(
        "--no-check", action="store_true", help="do not ask the forge whether it takes the token"
    )
    add_scope(parser)


def setup(flags: Mapping[str, str], given: Namespace) -> int:
    """Configure, install and start a daemon; a second time, change nothing.

    Args:
        flags: the settings on the command line, by flag.
        given: the command line.

    Raises:
        ComenqError: something is missing, wrong, or failed.
    """
    where = chosen(given)
    _refuse(where, given)
    try:
        settings, answered = _settings(where, explicit(os.environ, flags), given)
    except SettingsError as error:
        if not given.dry_run:
            raise
        print(line(CheckResult(subject="settings", severity=Severity.ERROR, text=str(error))))
        print("Nothing is changed, and setup would change nothing.")
        return 0
    complete = _with_token(settings, answered.token)
    if given.dry_run:
        for one in foreseen(where, complete, lacks_token=answered.lacks_token):
            print(line(one))
    elif not _is_in_order(complete, given):
        print("Nothing was changed.")
        return 1
    own = own_paths(where.places.config, os.environ)
    wanted = Installation(
        places=where.places,
        venv=where.venv,
        manager=where.manager,
        config=configuration(conf_file("config.toml").read_text(), answered.settings, own),
        token=answered.token,
    )
    try:
        return _install(where, wanted, settings, given)
    except OSError as error:
        text = f"{error.filename}: {error.strerror}" if error.filename else words_of(error)
        raise SettingsError(printable(text)) from error


def _settings(
    where: Deployment, told: Mapping[str, object], given: Namespace
) -> tuple[Settings, Answers]:
    """The settings that the daemon has or gets, and what is to be written of them.

    Raises:
        SettingsError: the configuration that is there does not agree, or there is nobody to ask.
    """
    if where.places.config.exists():
        settings = _existing(where, told)
        return settings, missing_token(where, settings, told, given)
    answered = answers(where, told, given)
    own = own_paths(where.places.config, os.environ)
    return Settings(**{**own, **answered.settings}), answered  # type: ignore[arg-type]


def _refuse(where: Deployment, given: Namespace) -> None:
    hidden = (where.venv, Path(sys.base_prefix)) if where.is_machines else ()
    if fault := environment.fault(where.venv, os.environ, hidden):
        raise SettingsError(fault)
    if where.is_machines and os.geteuid() and not given.dry_run:
        raise SettingsError("--system: run this as root, or leave out --system to set up your own")


def _existing(where: Deployment, told: Mapping[str, object]) -> Settings:
    """The settings of the configuration that is there.

    Raises:
        SettingsError: it is wrong, or other settings were given than it has.
    """
    environ = {key: text for key, text in os.environ.items() if not key.startswith(variable(""))}
    settings = from_outside(load(where.places.config, environ), environ)
    # A token goes into its own file.
    others = [
        key
        for key, value in told.items()
        if not key.startswith("github_token") and getattr(settings, key) != value
    ]
    if others:
        raise SettingsError(
            f"{where.places.config}: is there already, with another {' and '.join(others)}:"
            f" edit it, then run comenqd reload{with_name(where.places.name)}"
        )
    return settings


def _with_token(settings: Settings, token: str) -> Settings:
    """The settings as they are once the token is in its file."""
    if not token:
        return settings
    return replace(settings, github_token=Secret(token), github_token_file=None)


def _is_in_order(settings: Settings, given: Namespace) -> bool:
    """Print what is wrong, and what the forge says of the token; tell whether all is well."""
    with output_apart():
        plugins = registry.load()
        found = [one for one in results(settings, plugins) if one.severity is not Severity.OK]
        is_wrong = any(one.severity is Severity.ERROR for one in found)
        if not given.no_check and not is_wrong:
            plugin = plugins.poster_plugin(settings)
            found += check_accounts(plugins.posters(settings), plugins.inspect(settings), plugin)
    for one in found:
        print(line(one))
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors and not is_wrong:
        print("Mend that, or leave this check out with --no-check.")
    return not errors


def _install(where: Deployment, wanted: Installation, settings: Settings, given: Namespace) -> int:
    def steps() -> Iterator[Step]:
        return for_machine(wanted) if where.is_machines else for_user(wanted)

    if given.dry_run:
        print("Nothing is changed. These are the steps:")
        if not run_steps([*steps(), *_start(where)], lambda _step: None):
            print("none: all is in order")
        return 0
    tell: Callable[[str], object] = print
    if sys.stdin.isatty() and not given.yes:
        if run_steps(steps(), lambda _step: None) and not confirmed("Do this?"):
            print("Nothing was changed.")
            return 1
        tell = str  # it has been told
    changes = run_steps(steps(), lambda step: step.do(), tell)
    if where.manager and (changes or started_at(settings) < environment.installed_at(where.venv)):
        changes += run_steps(where.manager.restart(), lambda step: step.do())
    changes += _started(where)
    note = "" if where.is_machines else lasting(where)
    if not changes:
        print("Nothing has changed.")
    finish(where, settings, note)
    return 0


def _started(where: Deployment) -> int:
    try:
        return run_steps(_start(where), lambda step: step.do())
    except OSError as error:
        logs = f"comenqd service logs{with_name(where.places.name)}"
        raise DaemonUnreachable(f"{error}: the reason is in {logs}") from None


def _start(where: Deployment) -> Iterable[Step]:
    return where.manager.start() if where.manager else ()
