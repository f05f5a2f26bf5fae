#!/usr/bin/env python3
"""Stands in for `gh`: ``gh pr comment`` is queued by comenq, and everything else goes on to gh."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NoReturn

OPTIONS = {"-b": "--body", "-F": "--body-file", "-R": "--repo"}
"""The options of ``gh pr comment`` that comenq has as well."""


class NotOurs(Exception):
    """The command line is for gh: comenq does not do what it asks for."""


def read(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words and the options of a command line, as gh reads it.

    Raises:
        NotOurs: it has another option, or one without its value.
    """
    names, options = [], {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in OPTIONS.values():
            options[name] = value if equals else next(rest, None)
        elif word[:2] in OPTIONS:
            options[OPTIONS[word[:2]]] = word[2:].removeprefix("=") or next(rest, None)
        elif word.startswith("-"):
            raise NotOurs
        else:
            names.append(word)
    given = {name: value for name, value in options.items() if value is not None}
    if len(given) < len(options):
        raise NotOurs
    return names, given


def to_queue(words: Sequence[str], real_gh: str) -> list[str]:
    """The command line of comenq that does what one of gh asks for.

    Raises:
        NotOurs: it is no ``gh pr comment`` with a text, or asks for what comenq does not do.
    """
    names, options = read(words)
    if names[:2] != ["pr", "comment"] or not options.keys() & {"--body", "--body-file"}:
        raise NotOurs
    pulls = [number_or_url(name, options.get("--repo"), real_gh) for name in names[2:]]
    return ["comenq", "put", *(f"{name}={value}" for name, value in options.items()), *pulls]


def number_or_url(pull: str, repo: str | None, real_gh: str) -> str:
    """The pull request as comenq reads it. gh also takes the name of a branch: it is asked."""
    if pull.removeprefix("#").isdecimal() or pull.startswith(("https://", "http://")):
        return pull
    where = [] if repo is None else ["--repo", repo]
    command = [real_gh, "pr", "view", pull, *where, "--json", "url", "--jq", ".url"]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode:
        sys.exit(found.returncode)
    return found.stdout.strip()


def find_real_gh() -> str:
    """The first gh on PATH that is not this program."""
    for directory in filter(None, os.environ.get("PATH", "").split(os.pathsep)):
        candidate = os.path.join(directory, "gh")
        if os.access(candidate, os.X_OK) and not os.path.samefile(candidate, __file__):
            return candidate
    sys.exit("gh: comenq's stand-in finds no other gh on PATH")


def main() -> NoReturn:
    """Become comenq or gh."""
    real_gh = find_real_gh()
    try:
        command = to_queue(sys.argv[1:], real_gh)
    except NotOurs:
        os.execv(real_gh, ["gh", *sys.argv[1:]])
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"gh: comenq cannot be run, and nothing is queued: {error.strerror}")


if __name__ == "__main__":
    main()
