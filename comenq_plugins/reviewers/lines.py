"""Reads an answer by lines, as rules are matched against them. Pure.

What others say in it is set aside: quotes of people, code, and HTML comments, which are kept as
markers. The time is in proportion to the length of the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from comenq_plugins.reviewers.scanner import Scanner

__all__ = ["Line", "is_alert", "normal", "own_lines"]

TEXT_LIMIT = 65_536
"""Characters that are read; GitHub keeps no more of a comment."""
LINE_LIMIT = 1_000
"""Characters of a line that are read."""

_ALERT = re.compile(r"\[!(note|tip|important|warning|caution)\]")
_TITLE = re.compile(r"#{1,6}\s|<(h[1-6]|summary|details|table)[\s>]", re.IGNORECASE)
_WROTE = re.compile(r"(wrote|said|says)\W*$", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_STRUCK = re.compile(r"~~[^~]{1,500}~~|<(del|s|strike)>[^<]{0,500}</\1>", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,1000}\)")
_BULLET = re.compile(r"([-+*]|[0-9]{1,3}[.)])\s+")
# Signs and emoji at the start; what opens a mention, a command, quoted words or code stays.
_MARKS = re.compile(r"""(?:[^\w@/"'(\[`<]|_)+""")
_CODE = re.compile(r"`+(?![`@/])")
_EMPHASIS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})  # noqa: RUF001 -- what bots write


@dataclass(frozen=True, slots=True)
class Line:
    """One line that has words.

    Args:
        text: without the marks of Markdown and HTML.
        folded: what phrases are matched with.
        is_title: whether it begins a part of the text, as a heading does.
        is_quoted: whether it stands in a quote.
    """

    text: str
    folded: str
    is_title: bool = False
    is_quoted: bool = False


@dataclass(slots=True)
class _Block:
    """Lines in a row that are all quoted, or all not."""

    is_quoted: bool
    lines: list[Line]
    markers: list[str]


def own_lines(text: str) -> tuple[Sequence[Line], Sequence[str]]:
    """The lines of an answer that are its author's own word, and the HTML comments in them."""
    blocks = [block for block in _blocks(text[:TEXT_LIMIT]) if block.lines or block.markers]
    own = [block for index, block in enumerate(blocks) if not _is_of_people(blocks, index)]
    markers = [normal(marker).folded for block in own for marker in block.markers]
    return [line for block in own for line in block.lines], markers


def normal(raw: str, *, is_quoted: bool = False) -> Line:
    """A line without the marks of Markdown and HTML."""
    text = html.unescape(raw[:LINE_LIMIT]).translate(_SAME)
    text = _LINK.sub(r"\1", _TAG.sub(" ", _STRUCK.sub(" ", text))).strip()
    bullet = _BULLET.match(text)
    text = text[bullet.end() :] if bullet else text
    marks = _MARKS.match(text)
    text = text[marks.end() :] if marks else text
    is_code = _CODE.match(text) is not None
    text = " ".join(_EMPHASIS.sub("", text).split())
    # No phrase begins so: an item of a list and a piece of code are not what the bot says.
    start = "- " if bullet else "`" if is_code else ""
    shown = f"{start}{text}" if text else ""
    folded = unicodedata.normalize("NFKC", shown).casefold()
    is_title = _TITLE.match(raw.lstrip()) is not None
    return Line(shown, " ".join(folded.split()), is_title, is_quoted)


def is_alert(line: Line) -> bool:
    """Whether a line is the mark with which an alert begins."""
    return _ALERT.fullmatch(line.folded) is not None


def _blocks(text: str) -> Iterator[_Block]:
    outer = Scanner()
    inner = Scanner()
    block = _Block(is_quoted=False, lines=[], markers=outer.markers)
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        is_quoted = not outer.is_open and raw.lstrip(" ").startswith(">")
        if is_quoted != block.is_quoted:
            yield block
            inner = Scanner()
            outer.markers = []
            used = inner if is_quoted else outer
            block = _Block(is_quoted=is_quoted, lines=[], markers=used.markers)
        content = raw.lstrip(" ")[1:].removeprefix(" ") if is_quoted else raw
        if is_quoted and content.lstrip(" ").startswith(">") and not inner.is_open:
            continue  # a quote in a quote
        seen = (inner if is_quoted else outer).visible(content)
        line = normal(seen or "", is_quoted=is_quoted)
        if line.folded:
            block.lines.append(line)
    yield block


def _is_of_people(blocks: Sequence[_Block], index: int) -> bool:
    """Whether a block is a quote of what somebody else said.

    Bots put their own notices into quotes, too: as an alert, or as all that they say.
    """
    block = blocks[index]
    if not block.is_quoted:
        return False
    before = next((one.lines[-1] for one in reversed(blocks[:index]) if one.lines), None)
    after = next((one.lines[0] for one in blocks[index + 1 :] if one.lines), None)
    first = next(iter(block.lines), None)
    if before and before.text.endswith(":"):
        return True
    if any(line and _WROTE.search(line.text[-80:]) for line in (before, first)):
        return True
    if after and after.folded.startswith("@"):
        return True  # what is quoted is answered
    if first and is_alert(first):
        return False
    return any(one.lines and not one.is_quoted for one in blocks)
