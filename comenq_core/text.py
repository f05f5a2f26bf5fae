"""Text from outside, made safe to show; and the known word that a misspelt one resembles."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["VALUE_LIMIT", "legible", "nearest", "printable", "without_login", "words_of"]

VALUE_LIMIT = 300
WORD_LIMIT = 64
SHORTEST_PART = 3


def words_of(text: object) -> str:
    """The text as it is; of an error of the system's, without its number: only programs read it."""
    raw = str(text)
    return raw.removeprefix(f"[Errno {text.errno}] ") if isinstance(text, OSError) else raw


def printable(text: object, limit: int = VALUE_LIMIT) -> str:
    r"""Make text from outside safe to show: at most ``limit`` characters, on one line.

    Control, format, surrogate and unassigned characters become ``\xNN`` or ``\uNNNN``, as do
    backslashes, so that no text can forge another line or control a terminal.
    """
    raw = words_of(text)
    if len(raw) <= limit and raw.isprintable() and "\\" not in raw:
        return raw
    shown = "".join(
        character
        if character.isprintable() and character != "\\"
        else character.encode("unicode_escape", "backslashreplace").decode("ascii")
        for character in raw[:limit]
    )
    return shown if len(raw) <= limit else f"{shown}… ({len(raw)} characters)"


def without_login(text: str) -> str:
    """The text without the name and the password in its addresses: they are never shown."""
    return re.sub(r"//[^/\s]*@", "//", text)


def legible(line: str) -> str:
    """A line of a comment for people to read: as it is, without what could control a terminal.

    Unlike `printable`, it keeps tabs, backslashes and joined emoji.
    """
    if line.isprintable():
        return line
    return "".join(
        character
        if character.isprintable() or character in "\t\N{ZERO WIDTH JOINER}"
        else character.encode("unicode_escape").decode("ascii")
        for character in line
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The first ``known`` word that begins with ``word`` or contains it, else the most like it."""
    # Imported only after a mistake, so that the client starts fast.
    from difflib import get_close_matches

    words, part = list(known), word.strip("-_")
    if len(part) >= SHORTEST_PART:
        wholes = [one for one in words if part in one]
        wholes.sort(key=lambda one: not one.startswith(word))
        if wholes:
            return wholes[0]
    return next(iter(get_close_matches(word[:WORD_LIMIT], words, n=1)), None)
