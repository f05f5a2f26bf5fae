"""Patterns and limits of GitHub's names, numbers and bodies.

The records check requests against them, as does the client, which has to start fast: this module
imports nothing.
"""

from __future__ import annotations

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
