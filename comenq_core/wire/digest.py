"""How a client says which text it has read: the member ``was``."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["text_digest"]


def text_digest(text: str) -> str:
    """The SHA-256 of a comment's text in UTF-8, in hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
