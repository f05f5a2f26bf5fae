"""``comenqd token``: make, list and remove the tokens of clients that come over a network."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from comenq_core.cli.exit_status import UsageError
from comenq_core.errors import SettingsError
from comenq_core.model.access import Scope
from comenq_core.plugins import registry
from comenq_core.process.token_file import add_token, read_tokens, remove_token
from comenq_core.settings import Settings

__all__ = ["add_options", "token"]

ACTIONS = ("create", "list", "remove")


def add_options(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, help="what to do with tokens")
    parser.add_argument("token_name", nargs="?", metavar="TOKEN", help="the token's name")
    parser.add_argument(
        "--scope",
        choices=list(map(str, Scope)),
        help="with create: what it permits; each of these includes those before it",
    )
    parser.add_argument("--json", action="store_true", help="with list: print JSON")


def token(settings: Settings, given: Namespace) -> int:
    """Make, list or remove a token; return 0.

    Raises:
        UsageError: something is missing on the command line.
        SettingsError: no intake takes tokens, or the file with them cannot be used.
    """
    if given.action is None:
        raise UsageError(f"token: say what to do: {', '.join(ACTIONS)}")
    file = _file(settings)
    if given.action == "list":
        _list(file, given)
        return 0
    if given.token_name is None:
        raise UsageError(f"token {given.action}: a name is missing")
    if given.action == "remove":
        remove_token(file, given.token_name)
        print(f"The token {given.token_name} is removed; who has it is refused from now on.")
        return 0
    if given.scope is None:
        raise UsageError(f"token create: say what it permits: --scope {'|'.join(Scope)}")
    made = add_token(file, given.token_name, Scope(given.scope))
    # A program takes the last word of standard output.
    print("This token is shown once:", file=sys.stderr)
    print(made)
    return 0


def _list(file: Path, given: Namespace) -> None:
    tokens = read_tokens(file)
    if given.json:
        print(json.dumps([{"name": one.name, "scope": str(one.scope)} for one in tokens]))
        return
    width = max((len(one.name) for one in tokens), default=0)
    for one in tokens:
        print(f"{one.name:{width}}  {one.scope}")
    if not tokens:
        print("There are no tokens: comenqd token create NAME --scope read", file=sys.stderr)


def _file(settings: Settings) -> Path:
    """The file with the tokens, which is an intake's setting."""
    files = registry.load().token_files(settings)
    if not files:
        raise SettingsError('no intake here takes tokens: say intakes = ["unix", "http"] first')
    return files[0]
