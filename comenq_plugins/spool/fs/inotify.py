"""What changes in a directory, as the kernel reports it.

A watch is armed before the directory is first listed, so that no change is missed in between.
When the kernel's event queue overflows, the answer is `None`: list the directory again.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from functools import cache
from typing import NamedTuple, Protocol

from comenq_core.process.log import Log
from comenq_plugins.spool.fs.polling import Polling

__all__ = ["Change", "DirectoryWatch", "Kind", "watch_directories"]


_SCARCE = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ENOMEM, errno.ENOSYS))
"""What the kernel says if it has no instance or no watch left; ENOSPC is not about the disk.

https://man7.org/linux/man-pages/man2/inotify_add_watch.2.html
"""

log = Log("spool")


class Kind(Enum):
    """What happened to a name."""

    CREATED = "created, and perhaps still being written"
    COMPLETE = "renamed in, or written and closed"
    LEFT = "gone"


class Change(NamedTuple):
    """What happened to a name in a directory."""

    directory: str
    name: str
    kind: Kind


class DirectoryWatch(Protocol):
    """Reports what has changed since it was last asked."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when something has changed."""

    def changes(self) -> Sequence[Change] | None:
        """What has changed, without waiting; ``None`` says: anything may have."""

    def close(self) -> None:
        """Stop watching."""


if sys.platform == "linux":
    from inotify_simple import INotify, flags, parse_events

    # As plain numbers: to Python, each "and" of flags makes a new flag, which takes a microsecond.
    _COMPLETE = int(flags.MOVED_TO | flags.CLOSE_WRITE)
    _LEFT = int(flags.MOVED_FROM | flags.DELETE)
    _GONE = int(flags.DELETE_SELF | flags.MOVE_SELF)
    _LOST = int(flags.Q_OVERFLOW | flags.IGNORED) | _GONE
    _AT_ONCE = 1 << 16
    _WATCHED = _COMPLETE | _LEFT | _GONE | flags.CREATE | flags.ONLYDIR

    def _kind(mask: int) -> Kind:
        if mask & _LEFT:
            return Kind.LEFT
        return Kind.COMPLETE if mask & _COMPLETE else Kind.CREATED

    class _Inotify:
        def __init__(self, directories: Sequence[str]) -> None:
            # Raises OSError with EMFILE without an instance, and with ENOSPC without a watch.
            self._inotify = INotify(nonblocking=True)
            try:
                self._directories = {
                    self._inotify.add_watch(path, _WATCHED): path for path in directories
                }
            except OSError:
                self._inotify.close()
                raise

        def fileno(self) -> int:
            descriptor: int = self._inotify.fileno()
            return descriptor

        def changes(self) -> Sequence[Change] | None:
            events = parse_events(self._unread())
            if any(event.mask & _LOST for event in events):
                return None
            return [
                Change(self._directories[event.wd], event.name, _kind(event.mask))
                for event in events
            ]

        def _unread(self) -> bytes:
            # One system call for few events; INotify.read() asks how many bytes there are first.
            unread = b""
            with suppress(BlockingIOError):
                while len(some := os.read(self._inotify.fileno(), _AT_ONCE)) > _AT_ONCE // 2:
                    unread += some
                unread += some
            return unread

        def close(self) -> None:
            self._inotify.close()


def watch_directories(directories: Sequence[str]) -> DirectoryWatch:
    """Watch directories for names that come and go; look at them again and again if need be.

    Raises:
        OSError: one of them cannot be watched.
    """
    if sys.platform != "linux":
        return Polling(directories)
    try:
        return _Inotify(directories)
    except OSError as error:
        if error.errno not in _SCARCE:
            raise
        _report_polling(error.strerror)
        return Polling(directories)


@cache
def _report_polling(reason: str) -> None:
    """Say once that there is no inotify for this process."""
    log.warning("polling", "The kernel does not report changes in the spool, so comenq looks for"
                " them every second; raise fs.inotify.max_user_instances or"
                " fs.inotify.max_user_watches.", reason=reason)  # fmt: skip
