"""``comenqd move``: move the queue from one store to another."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from comenq_core import migrate
from comenq_core.cli.output import print_done
from comenq_core.plugins import registry
from comenq_core.process.program import output_apart
from comenq_core.settings import Settings, load

__all__ = ["add_stores", "move"]

_HELP = "a store's name, or the configuration file that selects it"


def add_stores(parser: ArgumentParser) -> None:
    """Add the two stores."""
    parser.add_argument("--from", dest="source", metavar="STORE", required=True, help=_HELP)
    parser.add_argument("--to", dest="target", metavar="STORE", required=True, help=_HELP)


def move(settings: Settings, given: Namespace) -> int:
    """Move everything, and print what was moved; return 0 if nothing is left, else 1.

    Raises:
        ComenqError: a store cannot be opened, or failed. Repeating the move completes it.
    """
    with output_apart():
        plugins = registry.load()
        source, target = _settings_of(given.source, settings), _settings_of(given.target, settings)
        moved = migrate.move(plugins.store(source), plugins.store(target))
    print_done(f"Moved {moved.pending} pending and {moved.settled} settled jobs.")
    _print_rest(moved)
    return 1 if moved.posting else 0


def _settings_of(word: str, settings: Settings) -> Settings:
    """The settings that select a store: its name has no slash and no dot, a file has one."""
    if "/" in word or "." in word:
        return load(Path(word), os.environ)
    return replace(settings, store=word)


def _print_rest(moved: migrate.Moved) -> None:
    if moved.refused:
        print_done(f"{moved.refused} dropped files stay where they are: they are not comments.")
    if moved.posting:
        print(
            f"{moved.posting} jobs are being posted at this moment: run this command again when"
            " they are settled.",
            file=sys.stderr,
        )
    print_done(
        "The store that was moved from is paused, so that nothing is posted from it. Configure the"
        " daemons to use the other one."
    )
