"""Reads an answer by lines, as rules are matched against them. Pure.

What others say in it is set aside: quotes of people, code, and HTML comments, which are kept as
markers. The time is in proportion to the length of the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from comenq_plugins.reviewers.scanner import Scanner

__all__ = ["Line", "Lines", "is_alert", "normal", "read_lines"]

TEXT_LIMIT = 65_536
"""Characters that are read; GitHub keeps no more of a comment."""
LINE_LIMIT = 1_000
"""Characters of a line that are read."""
HEAD_LINES = 5
HEAD_LIMIT = 60

_ALERT = re.compile(r"\[!(note|tip|important|warning|caution)\]", re.IGNORECASE)
_HEADING = re.compile(r"#{1,6}\s|<h[1-6][\s>]", re.IGNORECASE)
_WROTE = re.compile(r"(wrote|said|says)\W*$", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,1000}\)")
_BULLET = re.compile(r"([-+*]|[0-9]{1,3}[.)])\s+")
# Signs and emoji at the start; what opens a mention, a command, quoted words or code stays.
_MARKS = re.compile(r"""(?:[^\w@/"'(\[`<]|_)+""")
_CODE = re.compile(r"`+(?![`@/])")
_EMPHASIS = re.compile(r"[*`]+|~~|(?<!\w)_+|_+(?!\w)")
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})  # noqa: RUF001 -- what bots write


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``text`` without marks, and ``folded``, which phrases are matched with."""

    text: str
    folded: str


@dataclass(frozen=True, slots=True)
class Lines:
    """An answer as rules see it.

    Args:
        head: the lines in which a bot says what became of a trigger: its alerts, and what the text
            begins with.
        all: every line that is the bot's own word.
        markers: what HTML comments say, folded.
    """

    head: Sequence[Line]
    all: Sequence[Line]
    markers: Sequence[str]


@dataclass(slots=True)
class _Block:
    """Lines in a row that are all quoted, or all not."""

    is_quoted: bool
    lines: list[str]
    markers: list[str]

    @property
    def first(self) -> str:
        return next((line.strip() for line in self.lines if _has_words(line)), "")

    @property
    def last(self) -> str:
        return next((line.strip() for line in reversed(self.lines) if _has_words(line)), "")


def read_lines(text: str, ends_head: Callable[[Line], bool] = lambda _: False) -> Lines:
    """The lines of an answer.

    Args:
        text: the answer, as it was written.
        ends_head: whether what follows this line, alerts aside, is no longer the head.
    """
    blocks = [block for block in _blocks(text[:TEXT_LIMIT]) if block.first or block.markers]
    own = [block for index, block in enumerate(blocks) if not _is_of_people(blocks, index)]
    visible = [line for block in own for line in _normal_lines(block)]
    return Lines(
        head=_head(own, ends_head),
        all=visible,
        markers=[normal(marker).folded for block in own for marker in block.markers],
    )


def normal(raw: str) -> Line:
    """A line without the marks of Markdown and HTML."""
    text = html.unescape(raw[:LINE_LIMIT]).translate(_SAME)
    text = _LINK.sub(r"\1", _TAG.sub(" ", text)).strip()
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
    return Line(text=shown, folded=" ".join(folded.split()))


def is_alert(line: Line) -> bool:
    """Whether a line is the mark with which an alert begins."""
    return _ALERT.fullmatch(line.folded) is not None


def _has_words(line: str) -> bool:
    return bool(normal(line).folded)


def _normal_lines(block: _Block) -> Iterator[Line]:
    for raw in block.lines:
        line = normal(raw)
        if line.folded:
            yield line


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
        content = raw.lstrip(" ")[1:] if is_quoted else raw
        content = content.removeprefix(" ") if is_quoted else content
        if is_quoted and content.lstrip(" ").startswith(">") and not inner.is_open:
            continue  # a quote in a quote
        seen = (inner if is_quoted else outer).visible(content)
        if seen is not None:
            block.lines.append(seen)
    yield block


def _is_of_people(blocks: Sequence[_Block], index: int) -> bool:
    """Whether a block is a quote of what somebody else said.

    Bots put their own notices into quotes, too: as an alert, or as all that they say.
    """
    block = blocks[index]
    if not block.is_quoted:
        return False
    before = next((one.last for one in reversed(blocks[:index]) if one.last), "")
    after = next((one.first for one in blocks[index + 1 :] if one.first), "")
    if before.rstrip("*_ ").endswith(":") or any(
        _WROTE.search(line[-80:]) for line in (before, block.first)
    ):
        return True
    if normal(after).folded.startswith("@"):
        return True  # what is quoted is answered
    if _ALERT.match(block.first.lstrip("* ")):
        return False
    return any(one.first and not one.is_quoted for one in blocks)


def _head(own: Sequence[_Block], ends_head: Callable[[Line], bool]) -> Sequence[Line]:
    head: list[Line] = []
    is_begin = True
    count = 0
    for block in own:
        for raw in block.lines:
            line = normal(raw)
            if not line.folded:
                continue
            if not block.is_quoted:
                is_new_part = count > 0 and _HEADING.match(raw.lstrip()) is not None
                is_end = count >= HEAD_LINES or is_new_part or ends_head(line)
                is_begin = is_begin and not is_end
            count += 1
            if block.is_quoted or is_begin:
                head.append(line)
    return head[:HEAD_LIMIT]
