"""What wakes a worker that waits for the spool to change."""

from __future__ import annotations

from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs.errors import reported
from comenq_plugins.spool.fs.inotify import watch_directories

__all__ = ["SpoolWatch"]


class SpoolWatch:
    """Signals changes in the spool until it is drained.

    It does not share the store's own watch, which every operation of the store drains: a change
    in the middle of the worker's step would then wake nobody.

    Args:
        layout: a prepared spool.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        # An operator may put a job into cur/, to be looked up, or take one away.
        self._directories = [layout.new, layout.cur, layout.root]
        self._watch = watch_directories(self._directories)
        self._is_lost = False

    def fileno(self) -> int:
        """A descriptor that is readable when something has come into the spool, or left it."""
        return self._watch.fileno()

    def drain(self) -> None:
        with reported(self._layout.root):
            self._is_lost = self._is_lost or self._watch.changes() is None
            if self._is_lost:
                watch = watch_directories(self._directories)
                self._watch.close()
                self._watch = watch
                self._is_lost = False

    def close(self) -> None:
        self._watch.close()
