"""How wide text is on a terminal, and text made to fit."""

from __future__ import annotations

import sys

__all__ = ["encodable", "fit", "fit_middle", "width", "wrapped"]

CUT = "…"
PART = 200


def encodable(text: str) -> str:
    r"""The text with ``\uNNNN`` for the characters that standard output cannot write."""
    encoding = sys.stdout.encoding or "ascii"
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def width(text: str) -> int:
    """How many columns the text takes on a terminal."""
    if text.replace(CUT, "").isascii():
        return len(text)
    # Imported only for other scripts: the import takes longer than a whole list in ASCII.
    import wcwidth

    return wcwidth.width(text, control_codes="ignore")


def fit(text: str, space: int) -> str:
    """The text, cut to ``space`` columns; ``…`` (or ``~``) stands for what is cut."""
    if width(text) <= space:
        return text
    return _clip(text, 0, space - 1) + _mark() if space > 0 else ""


def fit_middle(text: str, space: int) -> str:
    """The text, shortened in the middle to ``space`` columns; a ``#7`` at its end stays if it can.

    Names of repositories differ least in their middle.
    """
    whole = width(text)
    number = width(text[text.rfind("#") :]) if "#" in text else 0
    end = min(max(space // 2, number), space - 1)
    if whole <= space or end < 1:
        return fit(text, space)
    return _clip(text, 0, space - 1 - end) + _mark() + _clip(text, whole - end, whole)


def wrapped(line: str, space: int) -> list[str]:
    """The line as lines of at most ``space`` columns; an empty one stays."""
    text = encodable(line.expandtabs())
    if width(text) <= space:
        return [text]
    from wcwidth import wrap

    lines: list[str] = []
    rest = ""
    # By parts, the last line of which goes on: a long word takes wrap the square of its length.
    for start in range(0, len(text), PART):
        part = rest + text[start : start + PART]
        *whole, last = wrap(part, space) or [""]
        lines += whole
        rest = last + part[len(part.rstrip(" ")) :]
    return [*lines, rest.rstrip(" ")]


def _mark() -> str:
    return CUT if encodable(CUT) == CUT else "~"


def _clip(text: str, begin: int, end: int) -> str:
    """What stands in these columns; a space stands for half of a wide character."""
    if text.isascii():
        return text[begin:end]
    from wcwidth import clip

    return clip(text, begin, end, control_codes="ignore")
