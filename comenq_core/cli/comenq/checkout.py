"""What git knows of the checkout that a command is run in. Nothing here talks to a server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

from comenq_core.cli.comenq.remotes import Remote, Upstream
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import legible

__all__ = ["remotes", "tell", "upstreams"]

_NOTHING_FOUND = 1
"""The exit status of git where there is no such setting or reference."""
TOLD_LINES = 8
_FETCHED = r"(.*) \(fetch\)(?: \[[^]]*\])?"
"""An address as ``git remote --verbose`` tells it; a partial clone's filter follows."""


def remotes() -> list[Remote]:
    """All remotes, with ``url.BASE.insteadOf`` applied to their addresses.

    Raises:
        UsageError: git cannot tell; the text is git's own.
    """
    listed, chosen = _git(["remote", "--verbose"], _settings("remote", "gh-resolved"))
    resolved = dict(_pairs(chosen))
    urls: dict[str, str] = {}
    for line in listed.split("\n")[:-1]:
        name, _, told = line.partition("\t")
        found = re.fullmatch(_FETCHED, told)
        urls[name] = found[1] if found else urls.get(name, "")
    return [
        Remote(name, url, resolved.get(f"remote.{name}.gh-resolved", ""))
        for name, url in urls.items()
    ]


def upstreams() -> list[Upstream]:
    """What the branch follows: nothing for a detached HEAD, and rarely more than one reference.

    Raises:
        UsageError: as `remotes`.
    """
    head, chosen = _git(
        ["symbolic-ref", "--quiet", "--short", "HEAD"], _settings("branch", "(remote|merge)")
    )
    branch, settings = head.removesuffix("\n"), list(_pairs(chosen))
    name = dict(settings).get(f"branch.{branch}.remote") if branch else None
    if name is None:
        return []
    remote = Remote(name, _url(name))
    return [Upstream(remote, ref) for key, ref in settings if key == f"branch.{branch}.merge"]


def tell(problem: str, output: str) -> str:
    """A problem with what a program has written, without what could control a terminal."""
    return "\n".join([f"{problem}:", *map(legible, output.strip().splitlines()[:TOLD_LINES])])


def _url(remote: str) -> str:
    """The address of a remote, which may be one already, with ``url.BASE.insteadOf`` applied."""
    (url,) = _git(["ls-remote", "--get-url", "--", remote])
    return url.removesuffix("\n")


def _settings(section: str, key: str) -> list[str]:
    return ["config", "--null", "--get-regexp", rf"^{section}\..*\.{key}$"]


def _pairs(settings: str) -> Iterator[tuple[str, str]]:
    for setting in settings.split("\0"):
        key, _, value = setting.partition("\n")
        yield key, value


def _git(*commands: list[str]) -> list[str]:
    """What git answers to several questions, which are asked at once."""
    try:
        asked = [
            subprocess.Popen(
                ["git", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for words in commands
        ]
    except OSError as error:
        raise UsageError(f"git cannot be run: {error.strerror}") from None
    answers = [(*git.communicate(), git.returncode) for git in asked]
    for _, said, status in answers:
        if status not in {0, _NOTHING_FOUND}:
            problem = "git does not tell the repository; add -R OWNER/REPO, or set GH_REPO"
            raise UsageError(tell(problem, said.decode(errors="replace")))
    return [answer.decode(errors="surrogateescape") for answer, _, _ in answers]
