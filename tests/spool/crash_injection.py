"""Kills this process before, amid or after any one of its changes to the filesystem."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["CrashInjector", "Moment", "deterministic"]

CHANGES = (
    "chmod",
    "chown",
    "fsync",
    "ftruncate",
    "link",
    "mkdir",
    "open",
    "pwrite",
    "rename",
    "replace",
    "rmdir",
    "symlink",
    "truncate",
    "unlink",
    "write",
)


class Moment(NamedTuple):
    """When to kill: ``before``, ``amid`` (of a write, half of it) or ``after`` a change."""

    at: int
    when: str


class CrashInjector:
    """Wraps the functions of `os` that change files; for a child that ends soon.

    Args:
        moment: when to kill, counted from the first change; ``None`` only counts.
    """

    def __init__(self, moment: Moment | None) -> None:
        self._moment = moment
        self.done: list[str] = []

    def install(self) -> None:
        """Count changes from now on, and kill this process at the moment."""
        for name in CHANGES:
            setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **kwargs)
            index = len(self.done)
            self.done.append(name)
            self._die_at(index, "before")
            if name == "write" and self._moment == Moment(index, "amid"):
                real(args[0], bytes(args[1])[: len(args[1]) // 2])
            self._die_at(index, "amid")
            result = real(*args, **kwargs)
            self._die_at(index, "after")
            return result

        return call

    def _die_at(self, index: int, when: str) -> None:
        if self._moment == Moment(index, when):
            os.kill(os.getpid(), signal.SIGKILL)


def deterministic() -> None:
    """Let this process draw the same random bytes as the last one that called this."""
    drawn = 0

    def urandom(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return drawn.to_bytes(size, "big")

    os.urandom = urandom
