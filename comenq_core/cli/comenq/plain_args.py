"""Reads a command line without options. Importing argparse would add a quarter to the time."""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.cli.comenq.target import looks_like_target

__all__ = ["VIA", "PlainArgs", "is_plain"]

VIA = "comenq"
"""What the command calls itself where it queues a comment."""


class PlainArgs:
    """What argparse returns for a pull request and a comment without options."""

    socket: str | None = None
    body_file: str | None = None
    after: str | None = None
    at: str | None = None
    not_after: str | None = None
    jsonl: str | None = None
    key: str | None = None
    account: str | None = None
    repo: str | None = None
    body: str | None = None
    timeout: str | None = None
    key_from: str | None = None
    until: str | None = None
    reply_to: str | None = None
    edit = now = if_absent = if_open = wait = json = hold = replace = dry_run = verify = False
    follow = True

    def __init__(self, words: Sequence[str]) -> None:
        self.command = "put"
        self.words = words


def is_plain(words: Sequence[str]) -> bool:
    """Whether the words are a pull request, perhaps a comment, and no options."""
    return any(map(looks_like_target, words[:1])) and not any(w.startswith("-") for w in words)
