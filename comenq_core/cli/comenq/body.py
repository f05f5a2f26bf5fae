"""Reads the text of a comment, which is queued byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from comenq_core.cli.exit_status import UsageError
from comenq_core.limits import BODY_LIMIT

__all__ = ["comment", "draft_to_edit", "utf8"]


def comment(words: Sequence[str], file: str | None) -> str:
    """The comment from the command line, a file, or standard input.

    Args:
        words: the arguments after the pull request: the comment, or nothing.
        file: the file to read it from; ``-`` is standard input.

    Raises:
        UsageError: there is no comment, more than one, or one that is not UTF-8.
    """
    text = _draft(words, file)
    return _piped() if text is None else text


def draft_to_edit(words: Sequence[str], file: str | None) -> str:
    """The text that an editor starts with: as `comment`, or nothing.

    Raises:
        UsageError: as `comment`.
    """
    text = _draft(words, file)
    piped = "" if file == "-" or sys.stdin is None or sys.stdin.isatty() else _read_piped()
    if piped and text is not None:
        raise UsageError("the comment is given twice: one is piped in")
    return text or piped


def _draft(words: Sequence[str], file: str | None) -> str | None:
    if len(words) > 1:
        raise UsageError("the comment must be one argument: put it in quotes")
    if words and file is not None:
        raise UsageError("the comment is given twice: as an argument and with -F")
    if file == "-":
        return _read_piped()
    if file is not None:
        return _read(file)
    if words and words[0] == "-":
        raise UsageError("the comment is '-': use -F - to read standard input")
    return utf8("the comment", words[0]) if words else None


def utf8(place: str, text: str) -> str:
    """The text of an argument, checked to be UTF-8.

    Raises:
        UsageError: it is not.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{place}: is not UTF-8 at character {error.start + 1}") from None
    return text


def _piped() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "no comment is given: add it as the last argument, read it from a file with -F,"
            " write it with -e, or pipe it in"
        )
    text = _read_piped()
    if not text.strip():
        raise UsageError("no comment is given, and standard input is empty")
    return text


def _read_piped() -> str:
    return _decoded("standard input", sys.stdin.buffer.read(BODY_LIMIT + 1))


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return _decoded(path, file.read(BODY_LIMIT + 1))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _decoded(place: str, data: bytes) -> str:
    if len(data) > BODY_LIMIT:
        raise UsageError(f"{place}: is longer than the {BODY_LIMIT} bytes that GitHub accepts")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{place}: is not UTF-8 at byte {error.start + 1}") from None
