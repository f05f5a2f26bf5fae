"""``comenqd move``: carry the queue from one store to another."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from comenq_core.migrate import Moved
from comenq_core.migrate import move as carry
from comenq_core.plugins import registry
from comenq_core.settings import Settings, load

__all__ = ["add_stores", "move"]

_MEANING = "a store's name, or a configuration file, whose store is meant"


def add_stores(parser: ArgumentParser) -> None:
    """Add what ``move`` is told."""
    parser.add_argument("--from", dest="source", metavar="STORE", required=True, help=_MEANING)
    parser.add_argument("--to", dest="target", metavar="STORE", required=True, help=_MEANING)


def move(settings: Settings, given: Namespace) -> int:
    """Carry everything over, and say what was done; return 0 if nothing is left, else 1.

    Raises:
        ComenqError: a store cannot be had, or failed; to do it again completes it.
    """
    plugins = registry.load()
    source, target = _meant(given.source, settings), _meant(given.target, settings)
    moved = carry(plugins.store(source), plugins.store(target))
    print(f"Moved {moved.pending} pending and {moved.settled} settled jobs.")
    _tell_rest(moved)
    return 1 if moved.posting else 0


def _meant(word: str, settings: Settings) -> Settings:
    """The settings with the store that is meant: names have no slash and no dot."""
    if "/" in word or "." in word:
        return load(Path(word), os.environ)
    return replace(settings, store=word)


def _tell_rest(moved: Moved) -> None:
    if moved.refused:
        print(f"{moved.refused} refused files stay where they are: they are no comments.")
    if moved.posting:
        print(
            f"{moved.posting} jobs are being posted at this moment: run this again when they are"
            " settled.",
            file=sys.stderr,
        )
    print(
        "The store that was left is paused, so that nothing is posted from it. Let the daemons use"
        " the other one."
    )
