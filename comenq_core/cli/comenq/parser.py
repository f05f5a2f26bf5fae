"""The command line of `comenq`, each command's part built only when it is wanted.

Help, completion and manual pages all come from here.
"""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from comenq_core.cli.comenq.commands import COMMANDS, command_module
from comenq_core.cli.comenq.target import FORMS
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import nearest, printable

__all__ = ["command_parser", "global_parser", "whole_parser"]

WIDTH = 80
DESCRIPTION = "Queue comments for pull requests: posted later, once, at a pace GitHub likes."
EPILOG = "\n".join(
    [
        "to queue a comment:",
        *(f"  comenq {form} [BODY]" for form in FORMS),
        "",
        "commands (comenq COMMAND --help tells more):",
        *(f"  {name:12} {summary}" for name, (_, summary) in COMMANDS.items()),
        "",
        "exit status: 0 done, 1 refused or failed, 2 usage, 3 the daemon cannot be reached",
    ]
)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are, and imports no shutil to learn how wide the terminal is."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns
        except OSError:
            width = WIDTH
        super().__init__(prog, width=width - 2)


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong as all of comenq does."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong.

        Raises:
            UsageError: always; a misspelt option comes with what it may stand for.
        """
        _, is_unknown, words = message.partition("unrecognized arguments: ")
        raise UsageError(printable(f"{message}{self._hint(words)}" if is_unknown else message))

    def _hint(self, words: str) -> str:
        word, _, _ = words.partition(" ")
        meant = nearest(word, self._option_string_actions) if word.startswith("--") else None
        if meant:
            return f"; did you mean {meant}?"
        if word.startswith("-") and self.get_default("command") == "put":
            return "; put -- before a comment that begins with a hyphen"
        return ""


def global_parser() -> argparse.ArgumentParser:
    """What stands before the command."""
    parser = _beginning()
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """Everything at once, of which completions and the manual are made."""
    parser = _beginning()
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        _fill(commands.add_parser(name, help=summary, formatter_class=_Formatter), name)
    return parser


def _beginning() -> argparse.ArgumentParser:
    from comenq_core import __version__

    parser = _Parser(
        prog="comenq",
        usage="comenq [--socket PATH] COMMAND …",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"comenq {__version__}")
    _add_socket(parser)
    return parser


def command_parser(name: str, *, socket: str | None = None) -> argparse.ArgumentParser:
    """What stands after the command.

    Args:
        name: one of `COMMANDS`.
        socket: the daemon's socket, if it was named before the command.
    """
    parser = _Parser(prog=f"comenq {name}", formatter_class=_Formatter, allow_abbrev=False)
    _fill(parser, name, socket=socket)
    return parser


def _fill(parser: argparse.ArgumentParser, name: str, *, socket: str | None = None) -> None:
    parser.description = f"{COMMANDS[name][1].capitalize()}."
    parser.set_defaults(command=name)
    command_module(name).configure(parser)
    _add_socket(parser, default=socket)


def _add_socket(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    parser.add_argument(
        "--socket",
        metavar="PATH",
        default=default,
        help="the daemon's socket (default: $COMENQ_SOCKET, then one's own, then the system's)",
    )
