"""The kinds of values: each `Kind` says what it expects, and converts what was written.

TOML gives typed values; environment variables and flags give text, which `Kind.parse` turns
into what TOML would have given, so that both are checked alike.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from comenq_core.limits import HOST_PATTERN, OWNER_PATTERN, REPO_PATTERN
from comenq_core.settings.secret import Secret

__all__ = [
    "ALL",
    "COMMAND",
    "FLAG",
    "HELD",
    "HOST",
    "LEVEL",
    "NAMES",
    "PATH",
    "REPOSITORIES",
    "SECRET",
    "TEXT",
    "URL",
    "Kind",
    "kind_of",
    "number",
    "whole",
]


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Args:
        expected: completes the sentence "expected …".
        types: the types that TOML may give it.
        accept: makes the setting from a value of these types. It raises ValueError for a wrong one.
        parse: makes from text the value that TOML would give. It raises ValueError.
    """

    expected: str
    types: tuple[type, ...]
    accept: Callable[[Any], object]
    parse: Callable[[str], object] = str

    def convert(self, value: object) -> object:
        """The setting that a value from TOML gives.

        Raises:
            TypeError: the value has another type.
            ValueError: it has the right type, but is wrong.
        """
        if type(value) not in self.types:
            raise TypeError
        return self.accept(value)

    def of_text(self) -> Kind:
        """The same kind, for a place where every value is text."""
        return Kind(self.expected, (str,), lambda text: self.convert(self.parse(text)))


def number(low: float = 0, high: float = math.inf) -> Kind:
    """A finite number from ``low`` to ``high``."""
    return _numbers("a number", (int, float), float, low, high)


def whole(low: int = 0) -> Kind:
    """A whole number of at least ``low``."""
    return _numbers("a whole number", (int,), int, low, math.inf)


def _numbers(
    name: str, types: tuple[type, ...], make: Callable[[float], float], low: float, high: float
) -> Kind:
    def accept(value: float) -> float:
        if not low <= value <= high or value == math.inf:
            raise ValueError
        return make(value)

    bounds = f"of at least {low}" if high == math.inf else f"from {low} to {high}"
    return Kind(f"{name} {bounds}", types, accept, _parse_number)


def _parse_number(text: str) -> int | float:
    # Python's own int() and float() also take "1_0", " 10 ", "nan" and digits of any script.
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        raise ValueError
    return float(text) if "." in text else int(text)


def _text(text: str) -> str:
    # A NUL ends a path or an argument early.
    if not text or "\0" in text:
        raise ValueError
    return text


def _command(text: str) -> str:
    if not shlex.split(_text(text)):  # a quotation without an end raises a ValueError
        raise ValueError
    return text


def _parse_flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError
    return text == "true"


def _names(items: list[object]) -> tuple[object, ...]:
    names = tuple(map(TEXT.convert, items))
    if len(set(names)) != len(names):
        raise ValueError
    return names


def _held(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (ALL,) if value else ()
    return _names(value if isinstance(value, list) else [value])


def _parse_held(text: str) -> bool | list[str]:
    return text == "true" if text in {"true", "false"} else _parse_names(text)


def _repositories(items: list[object]) -> tuple[object, ...]:
    names = _names(items)
    pattern = rf"{OWNER_PATTERN}/(\*|{REPO_PATTERN})"
    if not names or not all(re.fullmatch(pattern, str(name)) for name in names):
        raise ValueError
    return names


def _parse_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")] if text.strip() else []


def _path(text: str) -> Path:
    path = Path(_text(text))
    # Each process has its own working directory, so a relative path would name several files.
    if not path.is_absolute():
        raise ValueError
    return path


_THIS_MACHINE = r"localhost|127(\.[0-9]{1,3}){3}|::1"


def _host(text: str) -> str:
    if not re.fullmatch(HOST_PATTERN, text):
        raise ValueError
    return text


def _url(url: str) -> str:
    if not re.fullmatch(r"[!-~]+", url):
        raise ValueError
    parts = urlsplit(url)
    # Over plain http, others on the network could read the token.
    hosts = {"http": _THIS_MACHINE, "https": ".+"}.get(parts.scheme)
    named = hosts and re.fullmatch(hosts, parts.hostname or "") and parts.port != 0
    if not named or "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError
    return url.rstrip("/")


ALL = "all"
"""Stands for all intakes."""

_LEVELS = ("debug", "info", "warning", "error")
# The Rust comenqd's configuration files have these words.
_LEVEL_ALIASES = {"trace": "debug", "warn": "warning"}


def _level(word: str) -> str:
    level = _LEVEL_ALIASES.get(word.lower(), word.lower())
    if level not in _LEVELS:
        raise ValueError
    return level


COMMAND = Kind("a command, with its words quoted as for a shell", (str,), _command)
TEXT = Kind("text that is not empty", (str,), _text)
SECRET = Kind("text that is not empty", (str,), lambda text: Secret(_text(text)))
FLAG = Kind("true or false", (bool,), bool, _parse_flag)
NAMES = Kind("a list of different texts", (list,), _names, _parse_names)
HELD = Kind("true, false or a list of different texts", (bool, str, list), _held, _parse_held)
REPOSITORIES = Kind("a list of repositories, such as my-org/* or me/tool", (list,), _repositories)
PATH = Kind("an absolute path", (str,), _path)
URL = Kind(
    "an https address (http on this machine only) without user, query or fragment", (str,), _url
)
HOST = Kind("the name of a host, such as git.example.org", (str,), _host)
LEVEL = Kind(f"one of {', '.join(_LEVELS)}", (str,), _level)


def kind_of(default: object) -> Kind:
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
