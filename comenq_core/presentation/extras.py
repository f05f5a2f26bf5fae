"""How people get an extra of comenq."""

from __future__ import annotations

__all__ = ["how_to_get"]


def how_to_get(extra: str) -> str:
    """What to do for an extra, for each of the ways in which people install comenq.

    pip alone would put it beside a comenq that uv or pipx has installed, where nobody looks.
    """
    return (
        f"install comenq again with the extra {extra}: 'comenq[{extra}]', or in a checkout"
        f" '.[{extra}]', with uv tool install, pipx install --force or pip install"
    )
