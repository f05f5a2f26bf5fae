"""Reads a pull request in every form that people write it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from comenq_core.cli.exit_status import UsageError
from comenq_core.limits import (
    MAX_COMMENT_ID,
    MAX_NUMBER,
    address_in,
    names_in,
    number_in,
    split_target,
)
from comenq_core.text import printable, without_login

__all__ = [
    "FORMS",
    "is_number",
    "looks_like_target",
    "read_comment_id",
    "read_number",
    "read_target",
    "thread_in",
]

FORMS = (
    "OWNER/REPO NUMBER",
    "OWNER/REPO#NUMBER",
    "https://github.com/OWNER/REPO/pull/NUMBER",
    "NUMBER",
)
"""The last one is for a checkout, whose remotes name the repository."""
_EXPECTED = f"expected {', '.join(FORMS[:-1])} or, in a checkout, {FORMS[-1]}"
_SHOWN = 80

_COMMENT_ID = "0*[1-9][0-9]{0,18}"
_THREAD = "#(?:discussion_)?r([0-9]+)$"
"""The end of an address that names a thread in a review."""

Target = tuple[str, str, int, str | None]
"""The owner, the repository, the number, and the forge's host if an address named it."""


def looks_like_target(word: str) -> bool:
    """Whether a word is meant as a pull request, right or wrong: no command looks like it."""
    return "/" in word or "#" in word or is_number(word)


def is_number(word: str) -> bool:
    """Whether a word is meant as a number alone, right or wrong: ``12`` or ``#12``."""
    digits = word.removeprefix("#")
    return digits.isascii() and digits.isdecimal()


def read_target(words: Sequence[str]) -> tuple[Target, Sequence[str]]:
    """The pull request at the start of ``words``, and the words after it.

    Raises:
        UsageError: there is no pull request; the error shows the expected forms.
    """
    if not words:
        raise UsageError(f"no pull request is given: {_EXPECTED}")
    slug, number, host = split_target(words[0])
    names = names_in(slug)
    if names is None:
        raise UsageError(f"{_quoted(words[0])} is not a pull request: {_EXPECTED}")
    rest = words[1:]
    if number is None:
        if not rest:
            raise UsageError(f"{_quoted(slug)} needs a number after it: {_EXPECTED}")
        number, rest = rest[0], rest[1:]
    return (*names, read_number(number), host), rest


def thread_in(words: Sequence[str]) -> int | None:
    """The id of the review comment that an address at the start of ``words`` names.

    Raises:
        UsageError: no comment can have it.
    """
    address = address_in(words[0]) if words else None
    thread = re.search(_THREAD, address["rest"] or "") if address else None
    return read_comment_id(thread[1]) if thread else None


def read_comment_id(word: str) -> int:
    """The id of a review comment.

    Raises:
        UsageError: no comment can have it.
    """
    if not re.fullmatch(_COMMENT_ID, word) or int(word) > MAX_COMMENT_ID:
        raise UsageError(
            f"{_quoted(word)} is not the id of a review comment: expected the number after"
            " discussion_r in its address"
        )
    return int(word)


def read_number(word: str) -> int:
    """The number of a pull request.

    Raises:
        UsageError: no pull request can have it.
    """
    number = number_in(word)
    if number is None:
        raise UsageError(
            f"{_quoted(word)} is not a pull request number: expected 1 to {MAX_NUMBER}, in digits"
        )
    return number


def _quoted(word: str) -> str:
    return f"'{printable(without_login(word), _SHOWN)}'"
