"""A disk that fails at a chosen change."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.spool.crash_injection import CHANGES

__all__ = ["BrokenDisk"]


class BrokenDisk:
    """Makes changes to the filesystem fail with EIO.

    Args:
        first: the first change that fails, counted from 0; ``None`` for none.
        count: how many fail; ``None`` for all that follow.
    """

    def __init__(self, first: int | None, count: int | None) -> None:
        begin = 1 << 30 if first is None else first
        self._failing = range(begin, begin + (1 << 30 if count is None else count))
        self.changes = 0

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Use this disk for a block."""
        real = {name: getattr(os, name) for name in CHANGES}
        for name, function in real.items():
            setattr(os, name, self._failing_at_times(name, function))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(os, name, function)

    def _failing_at_times(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **kwargs)
            self.changes += 1
            if self.changes - 1 in self._failing:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*args, **kwargs)

        return call
