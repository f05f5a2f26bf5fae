"""Which commands `comenq` has, and which one a command line means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

from comenq_core.cli.comenq.target import FORMS, looks_like_target
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import nearest, printable

__all__ = ["COMMANDS", "command_module", "resolve"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Protocol

    class CommandModule(Protocol):
        """What each command's module has."""

        def configure(self, parser: ArgumentParser) -> None:
            """Say what the command takes; ``comenq COMMAND --help`` comes from it."""

        def run(self, args: Namespace) -> int:
            """Carry it out; the exit status."""


COMMANDS: Mapping[str, tuple[str, str]] = {
    "put": ("put", "queue a comment"),
    "list": ("list", "list what is queued"),
    "show": ("show", "show everything that is known of a job"),
    "status": ("status", "show how the queue stands, and what it waits for"),
    "top": ("top", "show the status live"),
    "hist": ("history", "list what was posted, skipped or failed"),
    "wait": ("wait", "wait until jobs are posted"),
    "bump": ("change", "put jobs at the head of the queue"),
    "bust": ("change", "put jobs at the end of the queue"),
    "defer": ("change", "the same as bust"),
    "hold": ("change", "keep jobs from being posted"),
    "release": ("change", "let held jobs take their places again"),
    "retry": ("change", "queue failed jobs again"),
    "del": ("change", "delete jobs that are not posted"),
    "pause": ("pause", "post nothing until it is resumed"),
    "resume": ("pause", "go on posting"),
    "completion": ("completion", "print what makes a shell complete commands"),
}
"""Each command with the module that has it, and its one-line description."""


def resolve(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command that the first word decides on, and the words that are its arguments.

    Raises:
        UsageError: it is neither a command nor a pull request.
    """
    first = words[0]
    if first in COMMANDS:
        return first, words[1:]
    if looks_like_target(first):
        return "put", words
    meant = nearest(first, COMMANDS)
    hint = f"did you mean {meant}?" if meant else f"expected a command or {FORMS[0]} BODY"
    raise UsageError(f"'{printable(first, 40)}' is no command: {hint}")


def command_module(name: str) -> CommandModule:
    """The module that has the command: loaded only when it is wanted."""
    return import_module(f"comenq_core.cli.comenq.{COMMANDS[name][0]}")
