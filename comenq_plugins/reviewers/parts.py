"""Which part of an answer says what became of a trigger. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from comenq_plugins.reviewers.lines import Line, is_alert, own_lines
from comenq_plugins.reviewers.phrases import Phrase

__all__ = ["Parts", "parts"]

HEAD_LINES = 5
HEAD_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer as rules see it.

    Args:
        top: what it begins with: an alert that nobody comments on, or else its first line.
        head: its alerts, and its first lines.
        all: every line that is the bot's own word.
        markers: what HTML comments say, folded.
    """

    top: Sequence[Line]
    head: Sequence[Line]
    all: Sequence[Line]
    markers: Sequence[str]


def parts(text: str, sections: Sequence[Phrase], ignore: Sequence[Phrase]) -> Parts:
    """The parts of an answer.

    Args:
        text: as it was written.
        sections: what follows a line with one of them, alerts aside, is not of the head.
        ignore: lines that begin with one of them are left out.
    """
    lines, markers = own_lines(text)
    telling = _telling(lines, ignore)
    return Parts(_top(telling), _head(telling, sections)[:HEAD_LIMIT], telling, markers)


def _telling(lines: Sequence[Line], ignore: Sequence[Phrase]) -> Sequence[Line]:
    """The lines without those that are ignored, and without the mark of an alert of such."""
    kept: list[Line] = []
    for line in lines:
        if not any(phrase.begins(line.folded) for phrase in ignore):
            kept.append(line)
        elif kept and is_alert(kept[-1]):
            kept.pop()
    return kept


def _top(lines: Sequence[Line]) -> Sequence[Line]:
    quoted = list(takewhile(lambda line: line.is_quoted, lines))
    if not quoted:
        return lines[:1]
    following = lines[len(quoted) : len(quoted) + 1]
    # Who comments on an alert has quoted it.
    return quoted if all(line.is_title for line in following) else []


def _head(lines: Sequence[Line], sections: Sequence[Phrase]) -> list[Line]:
    head: list[Line] = []
    is_begin = True
    for count, line in enumerate(lines):
        if not line.is_quoted:
            is_new_part = count > 0 and line.is_title
            is_section = is_begin and any(phrase.begins(line.folded) for phrase in sections)
            is_begin = is_begin and count < HEAD_LINES and not is_new_part and not is_section
        if line.is_quoted or is_begin:
            head.append(line)
    return head
