"""Which posting accounts serve which repositories, and of which forge. Pure.

An account's repositories are patterns: ``OWNER/*`` or ``OWNER/REPO``, in upper or lower case, as
in ``for`` of a table ``[accounts.NAME]``. None means all repositories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comenq_core.model.request import CommentRequest
from comenq_core.text import printable

__all__ = [
    "CANNOT_REPLY",
    "covers",
    "covers_repository",
    "elsewhere",
    "is_same_host",
    "serving",
    "unserved",
]

CANNOT_REPLY = "the poster cannot reply in a review thread: queue a comment of its own"
"""Why a reply is not posted where no poster is able to."""

_LIST_LIMIT = 1_000


def covers(patterns: Sequence[str], request: CommentRequest) -> bool:
    """Whether these are the patterns of an account for this request's repository."""
    return covers_repository(patterns, request.owner, request.repo)


def covers_repository(patterns: Sequence[str], owner: str, repo: str) -> bool:
    """Whether these patterns, such as ``my-org/*``, are for a repository; none are for all."""
    wanted = {f"{owner}/*".lower(), f"{owner}/{repo}".lower()}
    return not patterns or any(pattern.lower() in wanted for pattern in patterns)


def serving(request: CommentRequest, accounts: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The accounts that may post this request's comment: those for it, or the one that it names.

    Args:
        accounts: the patterns of each account.
    """
    wanted = {request.account} if request.account else accounts
    return [name for name, own in accounts.items() if name in wanted and covers(own, request)]


def elsewhere(request: CommentRequest, host: str) -> str:
    """Why this daemon must not post a request's comment, for people; ``""`` if it may.

    Args:
        request: the request.
        host: the host of the daemon's forge; ``""`` if nobody knows it, and nothing is said.
    """
    wanted = request.host
    if not wanted or not host or is_same_host(wanted, host):
        return ""
    return (
        f"the comment is for {printable(wanted)}, and this daemon posts to {printable(host)}:"
        f" give it to a daemon for {printable(wanted)}"
    )


def is_same_host(one: str, other: str) -> bool:
    """Whether two names of hosts lead to the same forge."""
    return _bare(one) == _bare(other)


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def unserved(request: CommentRequest, accounts: Mapping[str, Sequence[str]]) -> str:
    """Why no account posts this request's comment, for people; ``""`` if one does.

    Args:
        request: the request.
        accounts: the patterns of each account; without any account, nothing is known, and nothing
            is said.
    """
    name, repository = request.account, f"{request.owner}/{request.repo}"
    if not accounts or serving(request, accounts):
        return ""
    if name and name not in accounts:
        fault = f"there is no account {name}"
    elif name:
        fault = f"the account {name} does not serve {repository}"
    else:
        fault = f"no account serves {repository}"
    return f"{fault}; the accounts are {printable(_listed(accounts), _LIST_LIMIT)}"


def _listed(accounts: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(
        f"{name} (for {' '.join(patterns) or 'all repositories'})"
        for name, patterns in accounts.items()
    )
