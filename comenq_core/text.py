"""Text from outside, made fit to be shown; and the word that somebody meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["VALUE_LIMIT", "legible", "nearest", "printable"]

VALUE_LIMIT = 300
WORD_LIMIT = 64


def printable(text: object, limit: int = VALUE_LIMIT) -> str:
    r"""Make text from outside fit to be shown: at most ``limit`` characters, on one line.

    Control, format, surrogate and unassigned characters become ``\xNN`` or ``\uNNNN``, as do
    backslashes, so that nothing can pretend to be another line or steer a terminal.
    """
    raw = str(text)
    if len(raw) <= limit and raw.isprintable() and "\\" not in raw:
        return raw
    shown = "".join(
        character
        if character.isprintable() and character != "\\"
        else character.encode("unicode_escape", "backslashreplace").decode("ascii")
        for character in raw[:limit]
    )
    return shown if len(raw) <= limit else f"{shown}… ({len(raw)} characters)"


def legible(line: str) -> str:
    """A line of a comment to be read: as it is, but for what could steer a terminal.

    Unlike `printable`, it leaves tabs, backslashes and joined emoji alone: it is no log.
    """
    return "".join(
        character
        if character.isprintable() or character in "\t\N{ZERO WIDTH JOINER}"
        else character.encode("unicode_escape").decode("ascii")
        for character in line
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the ``known`` words that ``word`` most resembles, if it resembles any."""
    # Only a mistake pays for this import: the client starts without it.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:WORD_LIMIT], list(known), n=1)), None)
