"""JSON as RFC 8259 defines it, without what two readers could understand differently.

Python's reader is lenient where it matters: the last of two equal members wins, NaN and 1e999
are numbers, UTF-16 is guessed, half a surrogate pair is a text, deep nesting is a RecursionError
and a long integer a ValueError. https://docs.python.org/3/library/json.html#standard-compliance-and-interoperability
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from comenq_core.errors import InvalidRequest
from comenq_core.text import printable

__all__ = ["DEPTH_LIMIT", "DIGIT_LIMIT", "NAME_LIMIT", "below", "encode", "member", "parse"]

DEPTH_LIMIT = 32
DIGIT_LIMIT = 20
NAME_LIMIT = 40


def parse(data: bytes) -> object:
    """Read one JSON text.

    Args:
        data: UTF-8 without a byte order mark.

    Raises:
        InvalidRequest: the text is not JSON, or is ambiguous. The error says where and why, and
            quotes at most a member's name, escaped and cut short.
    """
    try:
        value = _DECODER.decode(_decode(data))
        _check(value)
    except json.JSONDecodeError as error:
        reason = f"{error.msg[:1].lower()}{error.msg[1:]}"
        raise InvalidRequest(
            "", f"the text is not JSON at line {error.lineno}, column {error.colno}: {reason}"
        ) from None
    except RecursionError:
        raise InvalidRequest("", f"the text is nested deeper than {DEPTH_LIMIT}") from None
    return value


def encode(value: object) -> bytes:
    """Write a value as one line of JSON in UTF-8, without the newline at its end.

    Text that UTF-8 cannot hold, such as a lone surrogate in a forge's message, gets a ``?`` in
    its place, so that a reply is always sent.
    """
    return _ENCODER.encode(value).encode("utf-8", "replace")


def member(path: str, name: str) -> str:
    """The path of the member ``name`` of the object at ``path``, fit to be shown."""
    return below(path, printable(name, NAME_LIMIT))


def below(path: str, inner: str) -> str:
    """The path ``inner``, which begins at ``path``, as seen from the root."""
    return f"{path}.{inner}" if path and inner and inner[0] != "[" else path + inner


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands for a value that breaks a rule, until `_check` finds its path."""

    reason: str


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidRequest("", "the text must be UTF-8 without a byte order mark")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("", f"the text is not UTF-8 at byte {error.start + 1}") from None


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
    return _Flaw(f"the member {printable(twice, NAME_LIMIT)} is given more than once")


def _integer(digits: str) -> object:
    if len(digits.lstrip("-")) > DIGIT_LIMIT:
        return _Flaw(f"the number has more than {DIGIT_LIMIT} digits")
    return int(digits)


def _fraction(digits: str) -> object:
    value = float(digits)
    return value if math.isfinite(value) else _Flaw("the number is too large")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=lambda _name: _Flaw("JSON has no such number"),
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _check(value: object, depth: int = 0) -> None:
    """Refuse a flaw or a lone surrogate by its path, and what is nested too deep."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        _check_parts(value.items(), depth)
    elif isinstance(value, list):
        _check_parts(enumerate(value), depth)
    elif isinstance(value, _Flaw):
        raise InvalidRequest("", value.reason)


def _check_parts(parts: Iterable[tuple[str | int, object]], depth: int) -> None:
    if depth == DEPTH_LIMIT:
        raise RecursionError
    for step, part in parts:
        try:
            if isinstance(step, str):
                _check_text(step)
            _check(part, depth + 1)
        except InvalidRequest as error:
            at = f"[{step}]" if isinstance(step, int) else printable(step, NAME_LIMIT)
            raise InvalidRequest(below(at, error.path), error.reason) from None


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("", "the text holds a lone surrogate") from None
