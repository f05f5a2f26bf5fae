"""The commands of `comenq`, and which one a command line calls."""

from __future__ import annotations

from importlib import import_module

from comenq_core.cli.comenq.target import FORMS, looks_like_target
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import nearest, printable

__all__ = ["COMMANDS", "command_module", "resolve"]

TYPE_CHECKING = False  # without the import of typing
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    class CommandModule(Protocol):
        """What each command's module defines."""

        def configure(self, parser: ArgumentParser) -> None:
            """Add the command's arguments, which ``comenq COMMAND --help`` shows."""

        def run(self, args: Namespace) -> int:
            """Run the command; return the exit status."""


COMMANDS: Mapping[str, tuple[str, str]] = {
    "put": ("put_command", "queue a comment"),
    "list": ("list", "list what is queued"),
    "show": ("show", "show everything about a job"),
    "status": ("status", "show the state of the queue, and what it is waiting for"),
    "top": ("top", "show the status live"),
    "hist": ("history", "list posted, skipped, failed and deleted jobs"),
    "wait": ("wait", "wait until jobs are posted"),
    "bump": ("change", "move jobs to the front of the queue"),
    "bust": ("change", "move jobs to the back of the queue"),
    "defer": ("change", "move jobs to the back of the queue (alias of bust)"),
    "hold": ("change", "keep jobs from being posted"),
    "release": ("change", "let held jobs be posted again"),
    "retry": ("change", "queue failed jobs again, or look for unconfirmed ones again"),
    "review": ("review", "go through held comments one by one"),
    "edit": ("edit", "edit a comment that is not posted yet"),
    "resolve": ("resolve", "say whether an unconfirmed job's comment is posted"),
    "del": ("change", "delete jobs that are not posted"),
    "undelete": ("change", "queue deleted jobs again"),
    "forget": ("change", "erase the texts of comments, which then cannot be posted"),
    "pause": ("pause", "post nothing until the queue is resumed"),
    "resume": ("pause", "resume posting"),
    "flush": ("pause", "end back-offs, so that comenq tries again at once"),
    "reviewers": ("reviewers", "show the reviewers that are followed; open a lane of one"),
    "explain": ("explain", "say what the answer of a review bot means"),
    "mcp": ("mcp.command", "serve an agent: an MCP server on standard input and output"),
    "completion": ("completion", "print a shell completion script"),
}
"""Each command, with its module and a one-line description."""


def resolve(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command that the words call, and its arguments.

    Raises:
        UsageError: the first word is neither a command nor a pull request.
    """
    first = words[0]
    if first in COMMANDS:
        return first, words[1:]
    if looks_like_target(first):
        return "put", words
    meant = nearest(first, COMMANDS)
    hint = f"did you mean {meant}?" if meant else f"expected a command or {FORMS[0]} BODY"
    raise UsageError(f"unknown command '{printable(first, 40)}': {hint}")


def command_module(name: str) -> CommandModule:
    """The command's module, imported only when it is needed."""
    return import_module(f"comenq_core.cli.comenq.{COMMANDS[name][0]}")
