"""Patterns and limits of GitHub's names, numbers and bodies; and how people write them. Pure.

The records check requests against them, as does the client, which has to start fast. The command
and the page read a pull request alike; what they say of a wrong one is theirs.
"""

from __future__ import annotations

import re

__all__ = [
    "ACCOUNT_PATTERN",
    "BODY_LIMIT",
    "HOST_PATTERN",
    "MAX_COMMENT_ID",
    "MAX_NUMBER",
    "OWNER_PATTERN",
    "REPO_PATTERN",
    "URL_LIMIT",
    "VIA_PATTERN",
    "address_in",
    "names_in",
    "number_in",
    "split_target",
]

# Account names may hold single hyphens; managed users' names an underscore. GitHub's own form
# says: at most 39 characters. https://docs.github.com/en/enterprise-cloud@latest/admin/
# managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
OWNER_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}"
"""The name of an account."""
REPO_PATTERN = r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}"
"""The name of a repository, without its owner's."""
# GitHub's message speaks of 65,536 characters; what it stores is 262,144 bytes of UTF-8, and one
# more is refused. https://github.com/dead-claudia/github-limits
BODY_LIMIT = 262_144
"""Bytes of UTF-8 that a comment may have."""
MAX_NUMBER = 2**31 - 1
"""The largest number that a pull request may have."""
MAX_COMMENT_ID = 2**63 - 1
"""The largest id that a comment may have."""
ACCOUNT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""The name of a posting account, as settings and requests have it."""
HOST_PATTERN = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
"""The host of a forge's pages, with its port unless that is the usual one."""
URL_LIMIT = 2_000
"""Characters of a comment's address."""
VIA_PATTERN = r"[!-~](?:[ -~]{0,62}[!-~])?"
"""A client's word for itself: nothing in it can control a terminal, or look like another word."""

# Patterns are compiled when they are needed: all of them would be a tenth of the client's start.
# ASCII digits only: int() would also take ' 1_0 ' and digits of every script.
_NUMBER = "0*[1-9][0-9]{0,9}"
_SLUG = f"({OWNER_PATTERN})/({REPO_PATTERN})"
_ADDRESS = (
    r"(?:(?P<scheme>https?)://(?:[^/?#\s@\\]*@)?)?(?P<host>[^/?#\s@]+)"
    r"/(?P<slug>[^/?#]+/[^/?#]+)/(?:pull|pulls|issues)/(?P<number>[^/?#]+)(?P<rest>[/?#]\S*)?"
)
_USUAL_PORT = {"http": ":80", "https": ":443", None: ":443"}


def split_target(word: str) -> tuple[str, str | None, str | None]:
    """What may be the names, the number if there is one, and the forge's host if an address has it.

    Args:
        word: ``owner/repo``, ``owner/repo#123`` or an address, with its scheme or without.
    """
    if address := address_in(word):
        port = _USUAL_PORT[address["scheme"]]
        host = address["host"].lower().removesuffix(port).removeprefix("www.")
        if re.fullmatch(HOST_PATTERN, host):
            return address["slug"], address["number"], host
    slug, mark, number = word.partition("#")
    return slug, number if mark else None, None


def address_in(word: str) -> re.Match[str] | None:
    """The parts of a pull request's address, ``None`` if it is none."""
    return re.fullmatch(_ADDRESS, word) if word.count("/") > 1 else None


def names_in(slug: str) -> tuple[str, str] | None:
    """The owner and the repository in ``owner/repo``, ``None`` if it cannot be one."""
    names = re.fullmatch(_SLUG, slug.removesuffix(".git"))
    return (names[1], names[2]) if names else None


def number_in(text: str) -> int | None:
    """The number of a pull request, ``None`` if none can have it."""
    is_one = re.fullmatch(_NUMBER, text) and int(text) <= MAX_NUMBER
    return int(text) if is_one else None
