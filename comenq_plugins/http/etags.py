"""Compares ETags: https://www.rfc-editor.org/rfc/rfc9110#section-13.1. Pure."""

from __future__ import annotations

from starlette.requests import Request

__all__ = ["is_known", "matches"]


def matches(header: str, tag: str) -> bool:
    """Whether a list of ETags names this one. Weak ones are compared as if they were strong."""
    named = [one.strip().removeprefix("W/") for one in header.split(",")]
    return tag in named or "*" in named


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has what has this ETag, so that it need not be sent again."""
    wanted = request.headers.get("if-none-match")
    return wanted is not None and matches(wanted, tag)
