"""What may be shown of an answer. Pure: it is for messages and logs, and decides nothing else."""

from __future__ import annotations

import re

from comenq_core.text import printable

__all__ = ["gives_away", "shown", "shown_addresses"]

SECRET_LENGTH = 16
"""So long is a secret that stands in an address by no accident.

GitHub's own tokens have 40 characters or more. A shorter one, for a stand-in or a forge of one's
own, may be any word, and to take that word out of an address would only destroy the address.
"""
ADDRESS = re.compile(r"https?://[!-~]{1,280}")


def shown(text: str, secret: str) -> str:
    """Text from outside on one line, escaped and shortened, without the secret."""
    return printable(text.replace(secret, "***") if secret else text)


def gives_away(address: str, secret: str) -> bool:
    """Whether an address holds the secret, and not only a word that happens to be the same."""
    return len(secret) >= SECRET_LENGTH and secret in address


def shown_addresses(text: object, secret: str) -> list[str]:
    """The addresses in a text that may be shown as they are, for people to follow."""
    found = ADDRESS.findall(text) if isinstance(text, str) else []
    return [address for address in found if not gives_away(address, secret)]
