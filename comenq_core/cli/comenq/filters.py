"""The options that select jobs of a listing by their pull request, and how wide it is shown."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import NamedTuple

from comenq_core.cli.comenq.target import read_target
from comenq_core.cli.exit_status import UsageError
from comenq_core.limits import MAX_NUMBER, OWNER_PATTERN, REPO_PATTERN, VIA_PATTERN
from comenq_core.text import printable

__all__ = ["EVERYTHING", "Filter", "add_filters", "read_filter"]


class Filter(NamedTuple):
    """Which jobs a listing has.

    Args:
        repo: ``OWNER/REPO``, or ``None`` for all.
        pr_number: the number of a pull request, or ``None`` for all.
        via: what the client calls itself that has queued it, or ``None`` for all.
    """

    repo: str | None = None
    pr_number: int | None = None
    via: str | None = None

    @classmethod
    def of(cls, args: Namespace) -> Filter:
        """The filter that the options of `add_filters` make.

        Raises:
            UsageError: they name two repositories.
        """
        repo, number = args.pr or (None, None)
        if repo and args.repo and repo.lower() != args.repo.lower():
            raise UsageError(f"--repo {args.repo} and --pr {repo}#{number} have no job in common")
        return cls(repo or args.repo, number, args.via)


EVERYTHING = Filter()
"""The filter that leaves nothing out."""


def read_filter(words: Sequence[str]) -> Filter:
    """The filter that a command's words make: what ``--repo`` or ``--pr`` takes, or a pull request.

    Raises:
        UsageError: they are nothing of that.
    """
    if not words:
        return EVERYTHING
    text = "#".join(word.removeprefix("#") for word in words)
    try:
        if text.count("/") == 1 and "#" not in text:
            return Filter(repo=_repo(text))
        return Filter(*_pull_request(text))
    except ArgumentTypeError as error:
        shown = printable(" ".join(words))
        raise UsageError(f"'{shown}' is neither OWNER/REPO nor a pull request") from error


def add_filters(parser: ArgumentParser) -> None:
    """Add the options ``--repo``, ``--pr``, ``--via`` and ``--wide``."""
    parser.add_argument(
        "--repo", type=_repo, metavar="OWNER/REPO", help="show only jobs for this repository"
    )
    parser.add_argument(
        "--pr",
        type=_pull_request,
        metavar="PR",
        help="show only jobs for this pull request: NUMBER, OWNER/REPO#NUMBER or its URL",
    )
    parser.add_argument(
        "--via",
        type=_via,
        metavar="WORD",
        help="show only jobs of clients whose names begin with this word",
    )
    parser.add_argument(
        "--wide", action="store_true", help="cut nothing, however wide the terminal is"
    )


def _repo(text: str) -> str:
    if not re.fullmatch(f"{OWNER_PATTERN}/{REPO_PATTERN}", text):
        raise ArgumentTypeError("expected OWNER/REPO")
    return text


def _via(text: str) -> str:
    if not re.fullmatch(VIA_PATTERN, text):
        raise ArgumentTypeError("expected 1 to 64 printable characters of ASCII")
    return text


def _pull_request(text: str) -> tuple[str | None, int]:
    number = text.removeprefix("#")
    if re.fullmatch("[0-9]{1,10}", number) and 1 <= int(number) <= MAX_NUMBER:
        return None, int(number)
    try:
        (owner, repo, found, _host), rest = read_target([text])
    except UsageError as error:
        raise ArgumentTypeError("expected NUMBER, OWNER/REPO#NUMBER or a URL") from error
    assert not rest
    return f"{owner}/{repo}", found
