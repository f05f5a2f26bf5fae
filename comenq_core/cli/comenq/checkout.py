"""What git knows of the checkout that a command is run in. Nothing here talks to a server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from comenq_core.cli.comenq.remotes import Remote, Upstream
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import legible

__all__ = ["remotes", "tell", "upstreams"]

_NOTHING_FOUND = 1
"""The exit status of git where there is no such setting or reference."""
TOLD_LINES = 8


def remotes() -> list[Remote]:
    """All remotes.

    Raises:
        UsageError: git cannot tell; the text is git's own.
    """
    names = _git("remote").splitlines()
    settings = dict(_settings("remote")) if names else {}
    return [
        Remote(name, _url(name), settings.get(f"remote.{name}.gh-resolved", "")) for name in names
    ]


def upstreams() -> list[Upstream]:
    """What the branch follows: nothing for a detached HEAD, and rarely more than one reference.

    Raises:
        UsageError: as `remotes`.
    """
    branch = _git("symbolic-ref", "--quiet", "--short", "HEAD").removesuffix("\n")
    settings = list(_settings("branch")) if branch else []
    name = dict(settings).get(f"branch.{branch}.remote")
    if name is None:
        return []
    remote = Remote(name, _url(name))
    return [Upstream(remote, ref) for key, ref in settings if key == f"branch.{branch}.merge"]


def tell(problem: str, output: str) -> str:
    """A problem with what a program has written, without what could control a terminal."""
    return "\n".join([f"{problem}:", *map(legible, output.strip().splitlines()[:TOLD_LINES])])


def _url(remote: str) -> str:
    """The address of a remote, which may be one already, with ``url.BASE.insteadOf`` applied."""
    return _git("ls-remote", "--get-url", "--", remote).removesuffix("\n")


def _settings(section: str) -> Iterator[tuple[str, str]]:
    for setting in _git("config", "--null", "--get-regexp", rf"^{section}\.").split("\0"):
        key, _, value = setting.partition("\n")
        yield key, value


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as error:
        raise UsageError(f"git cannot be run: {error.strerror}") from None
    if done.returncode not in {0, _NOTHING_FOUND}:
        problem = "git does not tell the repository; add -R OWNER/REPO, or set GH_REPO"
        raise UsageError(tell(problem, done.stderr.decode(errors="replace")))
    return done.stdout.decode(errors="surrogateescape")
