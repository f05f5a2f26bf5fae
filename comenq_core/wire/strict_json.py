"""JSON as RFC 8259 means it, and no more: what two readers could understand differently is refused.

Python's reader is lenient where it matters: the last of two equal members wins, NaN and 1e999
are numbers, UTF-16 is guessed, half a surrogate pair is a text, deep nesting is a RecursionError
and a long integer a ValueError. https://docs.python.org/3/library/json.html#standard-compliance-and-interoperability
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NoReturn

from comenq_core.errors import InvalidRequest
from comenq_core.text import printable

__all__ = ["DEPTH_LIMIT", "DIGIT_LIMIT", "NAME_LIMIT", "below", "encode", "member", "parse"]

DEPTH_LIMIT = 32
DIGIT_LIMIT = 20
NAME_LIMIT = 40

# Strings are taken whole, also one that never ends, so that each character is looked at once:
# with a backtracking pattern, 1 MiB of backslashes and quotes would take hours.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def parse(data: bytes) -> object:
    """Read one JSON text.

    Args:
        data: UTF-8 without a byte order mark.

    Raises:
        InvalidRequest: the text is not JSON, or is not unambiguous. The error says where and
            why, and never quotes the text beyond a member's name, escaped and cut short.
    """
    text = _decode(data)
    _check_depth(text)
    try:
        return _read(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg[:1].lower()}{error.msg[1:]}"
        raise InvalidRequest(
            "", f"the text is not JSON at line {error.lineno}, column {error.colno}: {reason}"
        ) from None


def encode(value: object) -> bytes:
    """Write a value as one line of JSON in UTF-8, without the newline at its end.

    Text that UTF-8 cannot hold, as a forge's message might be, gets a ``?`` in its place: an
    answer with a flaw is worth more than none.
    """
    return _ENCODER.encode(value).encode("utf-8", "replace")


def member(path: str, name: str) -> str:
    """The path of the member ``name`` of what stands at ``path``, fit to be shown."""
    return below(path, printable(name, NAME_LIMIT))


def below(path: str, inner: str) -> str:
    """The path of what stands at ``inner``, seen from ``path``."""
    return f"{path}.{inner}" if path and inner and inner[0] != "[" else path + inner


class _FlawedError(Exception):
    """Something is wrong with the text; to tell where takes another look."""


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands for a value that was read and must not be used, until its path is known."""

    reason: str


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidRequest("", "the text must be UTF-8 without a byte order mark")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("", f"the text is not UTF-8 at byte {error.start + 1}") from None


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= DEPTH_LIMIT:
        return
    depth = 0
    for token in _TOKENS.finditer(text):
        if token.lastgroup == "open":
            depth += 1
            if depth > DEPTH_LIMIT:
                where = f"at character {token.start() + 1}"
                raise InvalidRequest("", f"the text is nested deeper than {DEPTH_LIMIT} {where}")
        elif token.lastgroup == "close":
            depth -= 1


def _read(text: str) -> object:
    # The bytes were UTF-8, so that nothing but an escape can make a lone surrogate.
    if "\\u" not in text:
        with suppress(_FlawedError):
            return _QUICK.decode(text)
    value = _PATIENT.decode(text)
    flaw = _flaw(value)
    if flaw:
        path, reason = flaw
        raise InvalidRequest(path.removeprefix("."), reason if path else f"the text {reason}")
    return value


_OnFlaw = Callable[[str], object]


def _object(on_flaw: _OnFlaw, pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
    return on_flaw(f"has the member {printable(twice, NAME_LIMIT)} more than once")


def _integer(on_flaw: _OnFlaw, digits: str) -> object:
    if len(digits.lstrip("-")) > DIGIT_LIMIT:
        return on_flaw(f"is a number of more than {DIGIT_LIMIT} digits")
    return int(digits)


def _fraction(on_flaw: _OnFlaw, digits: str) -> object:
    value = float(digits)
    return value if math.isfinite(value) else on_flaw("is a number too large to be kept")


def _constant(on_flaw: _OnFlaw, _name: str) -> object:
    return on_flaw("is not a number that JSON knows")


def _decoder(on_flaw: _OnFlaw) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=partial(_object, on_flaw),
        parse_int=partial(_integer, on_flaw),
        parse_float=partial(_fraction, on_flaw),
        parse_constant=partial(_constant, on_flaw),
    )


def _give_up(_reason: str) -> NoReturn:
    raise _FlawedError


_QUICK = _decoder(_give_up)
"""Reads what is in order; of all else, it cannot tell where the flaw is."""
_PATIENT = _decoder(_Flaw)


def _flaw(value: object) -> tuple[str, str] | None:
    """The first thing wrong with a value: the path to it, beginning with a dot, and the reason."""
    if isinstance(value, _Flaw):
        return "", value.reason
    if isinstance(value, str) and _SURROGATE.search(value):
        return "", "holds a lone surrogate, which is no text"
    for step, part in _parts(value):
        flaw = _flaw(part)
        if flaw:
            at = f".{printable(step, NAME_LIMIT)}" if isinstance(step, str) else f"[{step}]"
            return at + flaw[0], flaw[1]
    return None


def _parts(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, dict):
        return chain(zip(value, value, strict=True), value.items())
    return enumerate(value) if isinstance(value, list) else ()
