"""Reads the address of a git remote, and what `gh` takes for a repository. Pure.

An address may hold a password, so no message here quotes one.
https://git-scm.com/docs/git-clone#_git_urls
"""

from __future__ import annotations

import re
from typing import NamedTuple

from comenq_core.limits import HOST_PATTERN, OWNER_PATTERN, REPO_PATTERN

__all__ = ["NoRepository", "Remote", "Repository", "Upstream", "read_name", "read_remote"]

# Each is compiled when it is needed, so that the client starts fast.
_URL = r"(?P<scheme>[a-z+]+)://(?:[^/?#\s\\]*@)?(?P<host>[^/?#\s@\\]+)/(?P<path>.*)"
_SCP_LIKE = r"(?:[^/:\s\\]*@)?(?P<host>\[[^]\s]+\]|[^/:\s@\\]+):(?P<path>.*)"
_NAME = rf"(?:(?P<host>{HOST_PATTERN})/)?(?P<path>{OWNER_PATTERN}/[^/]+)"
_SLUG = f"({OWNER_PATTERN})/({REPO_PATTERN})"

_WEB_PORTS = {"https": ":443", "http": ":80", "git+https": ":443"}
"""The schemes of the web, where another port than the usual one belongs to the host's pages."""
_SCHEMES = {*_WEB_PORTS, "ssh", "git+ssh", "ssh+git", "git"}
_SSH_OVER_HTTPS = "ssh.github.com"
"""https://docs.github.com/en/authentication/troubleshooting-ssh/using-ssh-over-the-https-port"""


class NoRepository(ValueError):
    """An address does not name a repository with pull requests; the text says what it names."""


class Repository(NamedTuple):
    """A repository on a forge.

    Args:
        owner: the account that owns it.
        name: its name.
        host: the host of the forge's pages; ``None`` for that of the daemon's forge.
    """

    owner: str
    name: str
    host: str | None

    def __str__(self) -> str:
        return "/".join(filter(None, (self.host, self.owner, self.name)))

    def is_same_repository(self, other: Repository) -> bool:
        """Whether both are one repository: forges ignore case, and a missing host fits any."""
        hosts = {self.host, other.host} - {None}
        return len(hosts) < 2 and _folded(self) == _folded(other)  # noqa: PLR2004


class Remote(NamedTuple):
    """A remote.

    Args:
        name: its name or, for a branch that follows an address, that address.
        url: its address, as git uses it. It may hold a password.
        resolved: what ``gh repo set-default`` has noted: ``base`` for this remote's repository,
            or another repository's name; ``""`` for nothing.
    """

    name: str
    url: str
    resolved: str = ""


class Upstream(NamedTuple):
    """What the branch that is checked out follows.

    Args:
        remote: where the reference is.
        ref: the reference's whole name, such as ``refs/pull/12/head``.
    """

    remote: Remote
    ref: str


def read_remote(url: str) -> Repository:
    """The repository that a remote's address names.

    Raises:
        NoRepository: it names none that can have pull requests.
    """
    if found := re.fullmatch(_URL, url):
        scheme, host = found["scheme"], found["host"].lower()
        if scheme not in _SCHEMES:
            raise NoRepository("is not on a forge")
        usual = _WEB_PORTS.get(scheme)
        host = re.sub(":[0-9]*$", "", host) if usual is None else host.removesuffix(usual)
    elif "://" not in url and (found := re.fullmatch(_SCP_LIKE, url)):
        host = found["host"].lower()
    else:
        raise NoRepository("is not on a forge")
    return _repository(host, found["path"].lstrip("/").removesuffix("/"))


def read_name(text: str) -> Repository:
    """The repository that ``[HOST/]OWNER/REPO`` names, or an address, which `gh` takes as well.

    Raises:
        NoRepository: it names none.
    """
    found = re.fullmatch(_NAME, text)
    if found is None:
        return read_remote(text)
    return _repository(found["host"] and found["host"].lower(), found["path"])


def _repository(host: str | None, path: str) -> Repository:
    if host is not None:
        host = "github.com" if host == _SSH_OVER_HTTPS else host.removeprefix("www.")
        if not re.fullmatch(HOST_PATTERN, host):
            raise NoRepository("is not on a forge")
        if host.startswith("gist.") or path.startswith("gist/"):
            raise NoRepository("is a gist, which has no pull requests")
    path = path.removesuffix(".git")
    if path.endswith(".wiki"):
        raise NoRepository("is a wiki, which has no pull requests")
    names = re.fullmatch(_SLUG, path)
    if names is None:
        raise NoRepository("is not OWNER/REPO on a forge")
    return Repository(names[1], names[2], host)


def _folded(repository: Repository) -> tuple[str, str]:
    return repository.owner.lower(), repository.name.lower()
