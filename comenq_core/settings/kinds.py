"""The kinds of values: each `Kind` says what it expects, and converts what was written.

TOML gives typed values; environment variables and flags give text, which `Kind.parse` turns
into what TOML would have given, so that both are checked alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from comenq_core.settings.secret import Secret

__all__ = [
    "FLAG",
    "LEVEL",
    "NAMES",
    "PATH",
    "SECRET",
    "TEXT",
    "URL",
    "Kind",
    "kind_of",
    "number",
    "whole",
]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Kind(Generic[T_co]):
    """A kind of value.

    Args:
        expected: completes the sentence "expected …".
        accept: makes the setting from a value as TOML gives it. It raises TypeError for a value
            of another type, and ValueError for a wrong value of the right type.
        parse: makes from text the value that TOML would give. It raises ValueError.
    """

    expected: str
    accept: Callable[[object], T_co]
    parse: Callable[[str], object] = str

    def of_text(self) -> Kind[T_co]:
        """The same kind, for a place where every value is text."""
        return Kind(self.expected, lambda text: self.accept(self.parse(str(text))))


def number(low: float = 0, high: float = math.inf) -> Kind[float]:
    """A finite number from ``low`` to ``high``."""

    def accept(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if not math.isfinite(value) or not low <= value <= high:
            raise ValueError
        return float(value)

    return Kind(f"a number {_range(low, high)}", accept, _parse_number)


def whole(low: int = 0, high: float = math.inf) -> Kind[int]:
    """A whole number from ``low`` to ``high``."""

    def accept(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError
        if not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number {_range(low, high)}", accept, _parse_number)


def _range(low: float, high: float) -> str:
    return f"of at least {low}" if high == math.inf else f"from {low} to {high}"


def _parse_number(text: str) -> int | float:
    # Python's own int() and float() also take "1_0", " 10 ", "nan" and digits of any script.
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        raise ValueError
    return float(text) if "." in text else int(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    # A NUL ends a path or an argument early.
    if not value or "\0" in value:
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _parse_flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError
    return text == "true"


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    names = tuple(_text(item) for item in value)
    if len(set(names)) != len(names):
        raise ValueError
    return names


def _parse_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")] if text.strip() else []


def _path(value: object) -> Path:
    path = Path(_text(value))
    # Each process has its own working directory, so a relative path would name several files.
    if not path.is_absolute():
        raise ValueError
    return path


_THIS_MACHINE = r"localhost|127(\.[0-9]{1,3}){3}|::1"


def _url(value: object) -> str:
    url = _text(value)
    if not re.fullmatch(r"[!-~]+", url):
        raise ValueError
    parts = urlsplit(url)
    # Over plain http, others on the network could read the token.
    hosts = {"http": _THIS_MACHINE, "https": ".+"}.get(parts.scheme, "")
    named = re.fullmatch(hosts, parts.hostname or "") and parts.port != 0
    if not named or "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError
    return url.rstrip("/")


# The Rust comenqd's configuration files say "trace" and "warn".
_LEVELS = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
}


def _level(value: object) -> str:
    level = _LEVELS.get(_text(value).lower())
    if level is None:
        raise ValueError
    return level


TEXT = Kind("text that is not empty", _text)
SECRET = Kind("text that is not empty", lambda value: Secret(_text(value)))
FLAG = Kind("true or false", _flag, _parse_flag)
NAMES = Kind("a list of different texts", _names, _parse_names)
PATH = Kind("an absolute path", _path)
URL = Kind("an https address (http on this machine only) without user, query or fragment", _url)
LEVEL = Kind("one of debug, info, warning, error", _level)


def kind_of(default: object) -> Kind[object]:
    """The kind that an option with this default has: a value of the same type.

    Raises:
        TypeError: no kind of setting looks like that.
    """
    match default:
        case bool():
            return FLAG
        case int():
            return whole()
        case float():
            return number()
        case Secret():
            return SECRET
        case Path():
            return PATH
        case tuple() | list():
            return NAMES
        case str() | None:
            return TEXT
    raise TypeError(f"no kind of setting looks like {default!r}")
