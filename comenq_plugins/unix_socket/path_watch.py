"""Notices that a path may lead elsewhere now, without looking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["watched"]


@contextmanager
def watched(path: Path, on_change: Callable[[], None]) -> Iterator[bool]:
    """Have the event loop tell when the file, or its directory, is removed, renamed or replaced.

    Args:
        path: the file.
        on_change: is called then, and perhaps also when its mode changes.

    Yields:
        whether anybody tells: only inotify does, while the kernel has a watch left.
    """
    with ExitStack() as stack:
        try:
            from inotify_simple import INotify, flags

            inotify = stack.enter_context(INotify(nonblocking=True))
            gone = flags.DELETE_SELF | flags.MOVE_SELF
            # A file that loses its name has changed an attribute: the count of its names.
            inotify.add_watch(path, gone | flags.ATTRIB)
            inotify.add_watch(path.parent, gone)
        except (ImportError, OSError):
            yield False
            return

        def tell() -> None:
            inotify.read(timeout=0)
            on_change()

        loop = asyncio.get_running_loop()
        loop.add_reader(inotify.fileno(), tell)
        stack.callback(loop.remove_reader, inotify.fileno())
        yield True
