"""The language of rules: phrases with a few placeholders, which match in linear time. Pure.

``review{s|} triggered by {name}{words}`` is a phrase. ``{one|other}`` stands for one of several
words, ``{duration}``, ``{number}`` and ``{name}`` for what they say, ``{words}`` for anything.

A phrase is compiled to a regular expression in which each part is matched once and never again:
every repetition is bounded or atomic.
"""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["Phrase", "PhraseError"]

LENGTH_LIMIT = 500
WORDS_LIMIT = 4
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_COUNT = r"[0-9]{1,4} ?|(?:an?|one) "
_UNIT = r"weeks?|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s"
_ONE = rf"(?:{_COUNT})(?:{_UNIT})(?![a-z])"
_DURATION = rf"(?>(?P<duration>{_ONE}(?:(?:, and |,? and |, | |){_ONE}){{0,3}}))"
_PART = re.compile(rf"({_COUNT})({_UNIT})(?![a-z])")
_PLACEHOLDERS = {
    "duration": _DURATION,
    "number": r"(?>[0-9]{1,12}(?:[,.][0-9]{3}){0,4})",
    "name": r"(?>@?\w[\w-]{0,60}(?:\[bot\])?)",
}
_WORDS = "words"
_END = r"(?=$|[.!](?:\s|$))"
_TOKEN = re.compile(r"\{([^{}]*)\}")


class PhraseError(ValueError):
    """A phrase that cannot be used; its text says why."""


class Phrase:
    """A phrase that lines are compared with.

    It ends where a sentence ends, unless it ends with ``{words}``: "Rate limit exceeded" is no
    beginning of "Rate limit exceeded errors are not handled".

    Raises:
        PhraseError: it is too long or empty, or has an unknown placeholder.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LENGTH_LIMIT:
            raise PhraseError(f"a phrase has at most {LENGTH_LIMIT} characters")
        if text.count("{") != text.count("}"):
            raise PhraseError("{ and } do not fit together")
        pieces = _TOKEN.split(" ".join(text.casefold().split()))
        segments = _segments(pieces)
        if not any(segments):
            raise PhraseError("expected a phrase with words in it")
        if len(segments) > WORDS_LIMIT + 1:
            raise PhraseError(f"{{words}} stands in it more than {WORDS_LIMIT} times")
        if is_open := not segments[-1]:  # it ends with {words}
            segments.pop()
            segments[-1] = _at_end_of_word(segments[-1])
        first, *more = segments
        inside = ["", rf"(?<!\w)(?:{first})", *more]
        self.is_open = is_open
        """Whether it ends with ``{words}``."""
        self._start = re.compile(_expression(segments, "" if is_open else _END))
        self._anywhere = re.compile(_expression(inside, "" if is_open else r"(?!\w)"))

    def begins(self, line: str) -> bool:
        """Whether a folded line begins with it."""
        return self._start.match(line) is not None

    def is_all_of(self, text: str) -> bool:
        """Whether a folded text is it, but for a full stop, or begins with it if it is open."""
        found = self._start.match(text)
        return found is not None and (self.is_open or not text[found.end() :].strip(".! "))

    def stands_in(self, line: str) -> bool:
        """Whether it stands anywhere in a folded line."""
        return self._anywhere.match(line) is not None

    def duration_in(self, line: str) -> timedelta | None:
        """The duration that a folded line names where the phrase stands in it."""
        found = self._anywhere.match(line)
        if found is None or "duration" not in found.re.groupindex:
            return None
        return _seconds(found["duration"])


def _expression(segments: list[str], end: str) -> str:
    """Each part after the first is found once, where it first stands, and never again."""
    first, *more = [*segments[:-1], segments[-1] + end]
    return first + "".join(f"(?>.*?(?:{segment}))" for segment in more)


def _at_end_of_word(segment: str) -> str:
    bare = segment.removesuffix(r"\ ")
    return segment if bare == segment else rf"{bare}(?!\w)"


def _segments(pieces: list[str]) -> list[str]:
    """The expressions between two ``{words}``."""
    segments = [""]
    durations = 0
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            segments[-1] += re.escape(piece)
        elif piece == _WORDS:
            segments.append("")
        elif "|" in piece:
            # The longest first, and only that: an expression that tries others could take long.
            words = sorted(piece.split("|"), key=len, reverse=True)
            segments[-1] += f"(?>{'|'.join(map(re.escape, words))})"
        elif piece in _PLACEHOLDERS:
            durations += piece == "duration"
            segments[-1] += _PLACEHOLDERS[piece]
        else:
            known = ", ".join(f"{{{name}}}" for name in (*_PLACEHOLDERS, _WORDS))
            raise PhraseError(f"{{{piece}}} is not known; there are {known} and {{one|other}}")
    if durations > 1:
        raise PhraseError("{duration} stands in it more than once")
    return segments


def _seconds(text: str) -> timedelta:
    parts = _PART.findall(text)
    return timedelta(seconds=sum(_count(count.strip()) * _UNITS[unit[0]] for count, unit in parts))


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 1
