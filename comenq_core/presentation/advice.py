"""The commands that users are told to type: they reach the daemon that this command talks to."""

from __future__ import annotations

import os

from comenq_core.paths import DAEMON_VARIABLE

__all__ = ["command", "service_command", "told_daemon"]

_options = ""
"""What the command line says of the daemon, and the environment of the next one does not."""


def told_daemon(option: str, value: str) -> None:
    """Have every command that is told name the daemon by this option, too."""
    import shlex

    global _options  # noqa: PLW0603 -- of one process, as its environment, which `choose` sets
    _options = f" {option} {shlex.quote(value)}"


def command(words: str) -> str:
    """The command ``comenq`` with these words, as it has to be typed here."""
    return f"comenq{_options} {words}"


def service_command(words: str) -> str:
    """The command ``comenqd service`` with these words, for this daemon."""
    name = os.environ.get(DAEMON_VARIABLE, "")
    return f"comenqd service {words}{f' --name {name}' if name else ''}"
