"""Decides which repository and which pull request a checkout or a workflow is about. Pure.

`gh` takes the first of several remotes. A comment cannot be taken back, so here the candidates are
named, and none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from comenq_core.cli.comenq.remotes import (
    NoRepository,
    Remote,
    Repository,
    Upstream,
    read_name,
    read_remote,
)
from comenq_core.cli.comenq.target import Target, read_number, read_target
from comenq_core.cli.exit_status import UsageError
from comenq_core.text import printable

__all__ = [
    "only_pull",
    "pulls_of_branch",
    "pulls_of_workflow",
    "repository_in",
    "repository_of",
    "with_number",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PULL_REF = "refs/pull/([0-9]+)/(?:head|merge)"
_CHOICE = "add -R OWNER/REPO, set GH_REPO, or run gh repo set-default"


def repository_of(remotes: Sequence[Remote], daemon_host: Callable[[], str]) -> Repository:
    """The one repository that the remotes of a checkout name.

    What ``gh repo set-default`` has chosen counts alone.

    Args:
        remotes: the remotes.
        daemon_host: asks for the host of the daemon's forge; called if the remotes name several.

    Raises:
        UsageError: they name none, or several on that host.
    """
    found = _resolved(remotes) or _named(remotes)
    if len({repository.host for _, repository in found}) > 1:
        found = _on_host(found, daemon_host())
    if len(_distinct(repository for _, repository in found)) > 1:
        listed = "".join(f"\n  {printable(name)}: {repository}" for name, repository in found)
        raise UsageError(f"the remotes name several repositories; {_CHOICE}:{listed}")
    return found[0][1]


_Found = list[tuple[str, Repository]]


def _resolved(remotes: Iterable[Remote]) -> _Found:
    found = []
    for remote in remotes:
        if remote.resolved == "base":
            found.append((remote.name, _read(remote)))
        elif remote.resolved:
            found.append((remote.name, _chosen(remote)))
    return found


def _chosen(remote: Remote) -> Repository:
    """The repository that a remote's ``gh-resolved`` names, on the remote's host."""
    try:
        chosen = read_name(remote.resolved)
    except NoRepository as error:
        name = printable(remote.name)
        raise UsageError(f"remote.{name}.gh-resolved {error}; {_CHOICE}") from None
    return chosen if chosen.host else chosen._replace(host=_read(remote).host)


def _named(remotes: Sequence[Remote]) -> _Found:
    found, faults = [], []
    for remote in remotes:
        try:
            found.append((remote.name, _read(remote)))
        except UsageError as error:
            faults.append(f"\n  {error}")
    if not found:
        why = "".join(faults) or " this checkout has no remote"
        raise UsageError(f"no remote names a repository; add -R OWNER/REPO, or set GH_REPO:{why}")
    return found


def _read(remote: Remote) -> Repository:
    try:
        return read_remote(remote.url)
    except NoRepository as error:
        raise UsageError(f"{printable(remote.name)} {error}") from None


def _on_host(found: _Found, host: str) -> _Found:
    bare = host.lower().removeprefix("www.")
    return [pair for pair in found if pair[1].host == bare] or found


def _distinct(repositories: Iterable[Repository]) -> list[Repository]:
    kept: list[Repository] = []
    for repository in repositories:
        if not any(map(repository.is_same_repository, kept)):
            kept.append(repository)
    return kept


def pulls_of_branch(upstreams: Iterable[Upstream]) -> Iterator[Target]:
    """The pull requests that a branch follows, as ``gh pr checkout`` makes it follow one.

    Raises:
        UsageError: it follows one, and its remote names no repository.
    """
    for remote, ref in upstreams:
        if found := re.fullmatch(_PULL_REF, ref):
            yield with_number(_read(remote), read_number(found[1]))


def pulls_of_workflow(environ: Mapping[str, str], event: Any) -> Iterator[Target]:  # noqa: ANN401
    """The pull requests that started a workflow of GitHub Actions.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables

    Args:
        environ: the environment.
        event: what the event's file holds: JSON, or ``None``.
    """
    found = re.fullmatch(_PULL_REF, environ.get("GITHUB_REF", ""))
    server, slug = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    urls = [f"{server}/{slug}/pull/{found[1]}"] if found else []
    with suppress(KeyError, TypeError):
        urls.append(event["pull_request"]["html_url"])
    with suppress(KeyError, TypeError):
        urls.append(event["issue"]["pull_request"]["html_url"])
    for url in urls:
        with suppress(UsageError):
            yield read_target([f"{url}"])[0]


def only_pull(candidates: Iterable[Target]) -> Target | None:
    """The one pull request that all candidates are; ``None`` if there is no candidate.

    Raises:
        UsageError: they are several.
    """
    found = {(str(repository_in(one)).lower(), one[2]): one for one in candidates}
    if len(found) > 1:
        listed = "".join(f"\n  {repository_in(one)}#{one[2]}" for one in found.values())
        raise UsageError(f"it may be one of several pull requests; name it:{listed}")
    return next(iter(found.values()), None)


def repository_in(target: Target) -> Repository:
    """The repository of a pull request."""
    owner, name, _, host = target
    return Repository(owner, name, host)


def with_number(repository: Repository, number: int) -> Target:
    """A pull request of a repository."""
    return repository.owner, repository.name, number, repository.host
