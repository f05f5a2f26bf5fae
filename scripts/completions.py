"""What makes shells complete our commands, made by shtab from what argparse knows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

from comenq_core.cli.daemon import parser as daemon_parser
from comenq_core.cli.parser import whole_parser

__all__ = ["completions"]

SHELLS = ("bash", "zsh", "fish")
# The jobs that there are, by their ids; where no daemon answers, none.
LISTED = "comenq list --all 2>/dev/null | sed '1d;s/ .*//'"
PREAMBLE = {
    "bash": f"""_comenq_ids() {{ compgen -W "$({LISTED})" -- "$1"; }}""",
    "zsh": f"""_comenq_ids() {{ local -a ids; ids=(${{(f)"$({LISTED})"}}); compadd -a ids; }}""",
    "fish": f"function _comenq_ids; {LISTED}; end",
}
IDS = {"bash": "_comenq_ids", "zsh": "_comenq_ids", "fish": "(_comenq_ids)"}


def completions() -> Iterator[tuple[str, str]]:
    """Each script, with its file's name."""
    nothing: dict[str, str] = {}
    for parser, preamble in ((whole_parser(), PREAMBLE), (daemon_parser(), nothing)):
        for one in _all_parsers(parser):
            _mark(one)
        for shell in SHELLS:
            script = shtab.complete(parser, shell, preamble=preamble.get(shell, ""))
            yield f"{parser.prog}.{shell}", f"{script.rstrip()}\n"


def _mark(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:  # noqa: SLF001 -- argparse shows its actions to nobody
        if action.metavar == "ID":
            action.complete = IDS  # type: ignore[attr-defined]
        elif action.metavar in {"FILE", "PATH"}:
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def _all_parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from action.choices.values()
