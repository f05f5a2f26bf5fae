"""The command line of `comenq`; each command's parser is built only when it is needed.

Help, completion and manual pages are all made from it.
"""

from __future__ import annotations

import argparse
import os

from comenq_core.cli.comenq.commands import COMMANDS, command_module
from comenq_core.cli.comenq.target import FORMS
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import nearest, printable, without_login

__all__ = ["command_parser", "global_parser", "whole_parser"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

WIDTH = 80
DESCRIPTION = "Queue comments for pull requests; each is posted once, at a pace GitHub accepts."
EPILOG = "\n".join(
    [
        "to queue a comment:",
        *(f"  comenq {form} [BODY]" for form in FORMS),
        "  comenq -b TEXT",
        "the last two are for a checkout, whose remotes and branch name the pull request",
        "",
        "commands (see comenq COMMAND --help):",
        *(f"  {name:12} {summary}" for name, (_, summary) in COMMANDS.items()),
        "",
        "exit status: 0 done, 1 refused or failed, 2 usage, 3 the daemon cannot be reached;",
        "4 (timed out) and 5 (a person has to do something): the comment stays queued",
    ]
)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Leaves examples as they are, and finds the terminal's width without importing shutil."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns
        except OSError:
            width = WIDTH
        super().__init__(prog, width=width - 2)


class _Parser(argparse.ArgumentParser):
    """Raises `UsageError`, where argparse would print its own message and exit."""

    def error(self, message: str) -> NoReturn:
        """Report a wrong command line.

        Raises:
            UsageError: always; for a misspelt option, it suggests the right one.
        """
        message = without_login(message)
        _, is_unknown, words = message.partition("unrecognized arguments: ")
        raise UsageError(printable(f"{message}{self._hint(words)}" if is_unknown else message))

    def _hint(self, words: str) -> str:
        word, _, _ = words.partition(" ")
        meant = nearest(word, self._option_string_actions) if word.startswith("--") else None
        if meant:
            return f"; did you mean {meant}?"
        if word.startswith("-") and self.get_default("command") == "put":
            return "; put -- before a comment that starts with a hyphen"
        return ""


def global_parser() -> argparse.ArgumentParser:
    """The parser for what comes before the command."""
    parser = _base_parser()
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """The parser for everything, from which completions and the manual are made."""
    parser = _base_parser()
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        _fill(commands.add_parser(name, help=summary, formatter_class=_Formatter), name)
    return parser


def _base_parser() -> argparse.ArgumentParser:
    from comenq_core import __version__

    parser = _Parser(
        prog="comenq",
        usage="comenq [--daemon NAME | --socket PATH] COMMAND …",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"comenq {__version__}")
    _add_daemon(parser)
    return parser


def command_parser(
    name: str, *, socket: str | None = None, daemon: str | None = None
) -> argparse.ArgumentParser:
    """The parser for what comes after the command.

    Args:
        name: one of `COMMANDS`.
        socket: the daemon's socket, if given before the command.
        daemon: the daemon's name, likewise.
    """
    parser = _Parser(prog=f"comenq {name}", formatter_class=_Formatter, allow_abbrev=False)
    _fill(parser, name)
    parser.set_defaults(socket=socket, daemon=daemon)
    return parser


def _fill(parser: argparse.ArgumentParser, name: str) -> None:
    summary = COMMANDS[name][1]
    parser.description = f"{summary[:1].upper()}{summary[1:]}."
    parser.set_defaults(command=name)
    command_module(name).configure(parser)
    _add_daemon(parser)


def _add_daemon(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--daemon",
        metavar="NAME",
        help="the name of your daemon (default: $COMENQ_DAEMON, then your one without a name)",
    )
    which.add_argument(
        "--socket",
        metavar="PATH",
        help="the daemon's socket (default: $COMENQ_SOCKET, then your own, then the system's)",
    )
