"""Generates the shell completions with shtab, from the argument parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

from comenq_core.cli.comenq.parser import whole_parser
from comenq_core.cli.comenqd.main import parser as daemon_parser

__all__ = ["completions"]

SHELLS = ("bash", "zsh", "fish")
FUNCTION = {
    "bash": """{name}() {{ compgen -W "$({listed})" -- "$1"; }}""",
    "zsh": """{name}() {{ local -a ids; ids=(${{(f)"$({listed})"}}); compadd -a ids; }}""",
    "fish": "function {name}; {listed}; end",
}
CALL = {"bash": "{name}", "zsh": "{name}", "fish": "({name})"}
# Completes the ids of the first jobs that a command applies to. All ids of a long queue would take
# a while, and be too many to choose from. Without a daemon, there are none.
LISTED = "comenq list -n 100{options} 2>/dev/null | sed '1d;s/ .*//'"
OPTIONS = {
    "release": " --state held",
    "retry": " --state failed --state unconfirmed",
    "resolve": " --state unconfirmed",
}
"""Options of ``comenq list`` for commands that do not apply to queued jobs."""


def completions() -> Iterator[tuple[str, str]]:
    """Yield each script with the name of its file."""
    for parser, wants_ids in ((whole_parser(), True), (daemon_parser(), False)):
        for one in _all_parsers(parser):
            _mark(one)
        for shell in SHELLS:
            preamble = _functions(shell) if wants_ids else ""
            script = shtab.complete(parser, shell, preamble=preamble)
            yield f"{parser.prog}.{shell}", f"{script.rstrip()}\n"


def _functions(shell: str) -> str:
    """The shell functions that print ids."""
    return "\n".join(
        FUNCTION[shell].format(name=_name(command), listed=LISTED.format(options=options))
        for command, options in {"": "", **OPTIONS}.items()
    )


def _name(command: str) -> str:
    return f"_comenq_ids_{command}" if command in OPTIONS else "_comenq_ids"


def _mark(parser: argparse.ArgumentParser) -> None:
    name = _name(parser.get_default("command") or "")
    for action in parser._actions:  # noqa: SLF001 -- argparse has no public way to list actions
        if action.metavar == "ID":
            ids = {shell: call.format(name=name) for shell, call in CALL.items()}
            action.complete = ids  # type: ignore[attr-defined]
        elif action.metavar in {"FILE", "PATH"}:
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def _all_parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from action.choices.values()
