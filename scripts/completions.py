"""What makes shells complete our commands, made by shtab from what argparse knows."""

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
# The first jobs that a command can be about, by their ids: where no daemon answers, none. All
# of a long queue would take a while, and help nobody.
LISTED = "comenq list -n 100{options} 2>/dev/null | sed '1d;s/ .*//'"
OPTIONS = {"release": " --state held", "retry": " --state failed"}
"""What is wanted of a list, for those commands that are not about jobs that are to be posted."""


def completions() -> Iterator[tuple[str, str]]:
    """Each script, with its file's name."""
    for parser, wants_ids in ((whole_parser(), True), (daemon_parser(), False)):
        for one in _all_parsers(parser):
            _mark(one)
        for shell in SHELLS:
            preamble = _functions(shell) if wants_ids else ""
            script = shtab.complete(parser, shell, preamble=preamble)
            yield f"{parser.prog}.{shell}", f"{script.rstrip()}\n"


def _functions(shell: str) -> str:
    """The functions that offer ids."""
    return "\n".join(
        FUNCTION[shell].format(name=_name(command), listed=LISTED.format(options=options))
        for command, options in {"": "", **OPTIONS}.items()
    )


def _name(command: str) -> str:
    return f"_comenq_ids_{command}" if command in OPTIONS else "_comenq_ids"


def _mark(parser: argparse.ArgumentParser) -> None:
    name = _name(parser.get_default("command") or "")
    for action in parser._actions:  # noqa: SLF001 -- argparse shows its actions to nobody
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
