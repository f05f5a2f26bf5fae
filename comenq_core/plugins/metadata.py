"""Which plugins the installed distributions name; what is damaged or left over is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import PurePath

from comenq_core.hookspecs import ENTRY_POINT_GROUP
from comenq_core.process.isolation import described, pass_on_interrupt

__all__ = ["Named", "Unreadable", "named_plugins"]

LEFTOVER = "~"
"""What pip puts at the beginning of a name while it replaces a distribution.

If pip is killed then, the directory stays for good; pip itself passes over it.
https://github.com/pypa/pip/issues/11849
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entry point, and the distribution that has it."""

    entry: EntryPoint
    distribution: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A distribution whose entry points cannot be read, and why."""

    distribution: str
    reason: str


def named_plugins() -> Sequence[Named | Unreadable]:
    """Every entry point of comenq's group, once, and what cannot be read.

    A distribution that is found twice is one: the first counts, as it does for ``import``. So is a
    module that two distributions name alike.
    """
    found: dict[object, Named | Unreadable] = {}
    first: dict[str, str] = {}
    for distribution in distributions():
        directory = _directory(distribution)
        if directory.startswith(LEFTOVER):
            continue
        for one in _plugins_of(distribution, directory):
            if isinstance(one, Unreadable):
                found.setdefault(one, one)
                continue
            name = re.sub(r"[-_.]+", "-", one.distribution).lower()
            if first.setdefault(name, directory) == directory:
                found.setdefault((one.entry.name, one.entry.value), one)
    return list(found.values())


def _plugins_of(distribution: Distribution, directory: str) -> Iterator[Named | Unreadable]:
    try:
        entries = [one for one in distribution.entry_points if one.group == ENTRY_POINT_GROUP]
    except BaseException as error:
        pass_on_interrupt(error)
        yield Unreadable(distribution=directory, reason=described(error))
        return
    if entries:
        name, version = _identity(distribution)
        for entry in entries:
            yield Named(entry=entry, distribution=name or directory, version=version)


def _directory(distribution: Distribution) -> str:
    """The name of the directory that has the metadata; the public interface does not tell it."""
    return PurePath(str(getattr(distribution, "_path", ""))).name


def _identity(distribution: Distribution) -> tuple[str, str]:
    # The plugin may work although the metadata of its distribution is damaged.
    try:
        return str(distribution.metadata["Name"] or ""), str(distribution.metadata["Version"] or "")
    except BaseException as error:
        pass_on_interrupt(error)
        return "", ""
