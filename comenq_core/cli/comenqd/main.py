"""The command ``comenqd``: run the daemon or one of its processes, control it, check it."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from comenq_core import __version__
from comenq_core.cli.comenqd.check import check
from comenq_core.cli.comenqd.control import add_words, ctl, reload
from comenq_core.cli.comenqd.import_rust import add_directory, import_queue
from comenq_core.cli.comenqd.move import add_stores, move
from comenq_core.cli.comenqd.plugins import plugins as list_plugins
from comenq_core.cli.comenqd.processes import listen, work
from comenq_core.cli.comenqd.scope import add_name, configuration_of
from comenq_core.cli.comenqd.service import add_options as add_service
from comenq_core.cli.comenqd.service import service
from comenq_core.cli.comenqd.setup import add_options as add_setup
from comenq_core.cli.comenqd.setup import setup
from comenq_core.cli.comenqd.token import add_options as add_token
from comenq_core.cli.comenqd.token import token
from comenq_core.cli.comenqd.usage import Formatter, NoToken, Parser
from comenq_core.cli.exit_status import USAGE, UsageError
from comenq_core.cli.output import guarded
from comenq_core.plugins import registry
from comenq_core.process.program import end_after, output_apart
from comenq_core.settings import (
    ALIASES,
    KINDS,
    MEANINGS,
    Settings,
    flag,
    load,
    require_configuration,
    variable,
)
from comenq_core.supervisor.launch import supervise

__all__ = ["main", "parser", "run"]

DESCRIPTION = (
    "Without a command, run the whole daemon in the foreground: the listener, the worker, and what"
    " keeps them running."
)
EPILOG = (
    "Each setting can also stand in the configuration file, or in the environment: socket_path as"
    " COMENQD_SOCKET_PATH. A flag overrides the environment, and the environment the file."
)
T = TypeVar("T")
# Everybody can see a command line, so no flag takes a token.
FLAGS = tuple(key for key in KINDS if key != "github_token")


def main() -> None:
    """Run ``comenqd``, and end the process."""
    end_after(run)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run ``comenqd``; return its exit status: 0 done, 1 failed, 2 usage error."""
    return guarded("comenqd", lambda: _told(arguments))


def _told(arguments: Sequence[str] | None) -> int:
    """Run a command; a usage error is one line on standard error."""
    try:
        return _status(arguments)
    except UsageError as error:
        print(f"comenqd: {error}", file=sys.stderr)
        return USAGE


def _status(arguments: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    given = parser().parse(words, Namespace(config=None, name=""))
    texts = {key: getattr(given, key) for key in FLAGS if hasattr(given, key)}
    flags = {flag(key): text for key, text in texts.items()}
    if given.command in WITHOUT_SETTINGS:
        return WITHOUT_SETTINGS[given.command].run(flags, given)
    settings = load(configuration_of(given, os.environ), os.environ, flags)
    if given.command in {None, "reload"}:
        require_configuration(settings, os.environ)
    if given.command is None:
        # So that an error is printed here, and not half a minute later in the log.
        with output_apart():
            plugins = registry.load()
            plugins.require(settings)
            plugins.posters(settings)
            sockets = plugins.client_sockets(settings)
        variables = {variable(key): text for key, text in texts.items()}
        supervise(settings, variables, next(iter(sockets), None))
    return COMMANDS[given.command].run(settings, given)


def parser() -> Parser:
    """The parser of the command line; the completions and the manual come from it, too."""
    options = _options()
    whole = Parser(
        prog="comenqd",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[options],
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"comenqd {__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    every: Mapping[str, _Command[Any]] = {**WITHOUT_SETTINGS, **COMMANDS}
    for name, command in every.items():
        sub = commands.add_parser(
            name,
            help=command.about,
            description=command.about,
            parents=[options] if command.takes_settings else [],
            formatter_class=Formatter,
            allow_abbrev=False,
        )
        command.arguments(sub)
    return whole


def _options() -> Parser:
    options = Parser(add_help=False, allow_abbrev=False)
    options.add_argument(
        "--config", type=Path, metavar="FILE", default=SUPPRESS, help="the configuration file"
    )
    add_name(options)
    group = options.add_argument_group("settings")
    for key in FLAGS:
        group.add_argument(
            flag(key), dest=key, metavar="VALUE", default=SUPPRESS, help=MEANINGS[key]
        )
    options.add_argument(flag("github_token"), action=NoToken, help=SUPPRESS)
    for alias, key in ALIASES.items():
        group.add_argument(flag(alias), dest=key, default=SUPPRESS, help=SUPPRESS)
    return options


def _nothing(_parser: ArgumentParser) -> None:
    pass


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _check(parser: ArgumentParser) -> None:
    _json(parser)
    parser.add_argument(
        "--online", action="store_true", help="ask the forge whether it accepts each token"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command(Generic[T]):
    about: str
    run: Callable[[T, Namespace], int]
    arguments: Callable[[ArgumentParser], None] = _nothing
    takes_settings: bool = True


WITHOUT_SETTINGS: Mapping[str, _Command[Mapping[str, str]]] = {
    "setup": _Command(
        about="Configure, install and start the daemon; run it again at any time.",
        run=setup,
        arguments=add_setup,
    ),
    "service": _Command(
        about="Control the service: status, start, stop, restart, logs, uninstall.",
        run=service,
        arguments=add_service,
        takes_settings=False,
    ),
}
"""The commands that need no configuration, and get the settings on the command line by flag."""

COMMANDS: Mapping[str, _Command[Settings]] = {
    "listen": _Command(about="Run the listener alone.", run=listen),
    "work": _Command(about="Run the worker alone.", run=work),
    "reload": _Command(
        about="Restart a running daemon with its present configuration.",
        run=reload,
    ),
    "ctl": _Command(
        about="Control a running daemon's processes: status, restart worker, ...",
        run=ctl,
        arguments=add_words,
    ),
    "check": _Command(
        about="Check configuration, directories and token.",
        run=check,
        arguments=_check,
    ),
    "move": _Command(
        about="Move the queue from one store to another; can be repeated if interrupted.",
        run=move,
        arguments=add_stores,
    ),
    "import": _Command(
        about="Import what waits in a queue of the Rust comenq; can be repeated.",
        run=import_queue,
        arguments=add_directory,
    ),
    "token": _Command(
        about="Make, list or remove tokens of clients that come over HTTP.",
        run=token,
        arguments=add_token,
    ),
    "plugins": _Command(
        about="List the installed plugins, what they offer, and what is selected.",
        run=list_plugins,
        arguments=_json,
    ),
}


if __name__ == "__main__":
    main()
