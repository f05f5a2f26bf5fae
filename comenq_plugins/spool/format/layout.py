"""Where things are in the spool, and with which modes.

Everything belongs to the daemon alone. Where the settings name a group, its members may reach
``new/`` and put files there, but not list it, read it, or touch each other's files (sticky).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import count

from comenq_core.errors import StoreUnusable
from comenq_core.model import State
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.directories import (
    check_directory,
    check_place,
    group_id,
    make_directory,
    make_parents,
)
from comenq_plugins.spool.fs.locks import make_lock
from comenq_plugins.spool.fs.mounts import mount_of

__all__ = ["FORMAT", "Layout"]

FORMAT = 6
"""The format that is written, as it stands in the file ``version``.

Formats 1 to 5 have no replies in review threads, which an older comenq would post elsewhere.
Formats 1 to 4 have no ``follow/``, and no lanes in the names of files. Formats 1 to 3 have no
``deleted/``, and no jobs that were edited. Formats 1 and 2 have no ``unconfirmed/`` and no
``past/``, and format 1 has other words in its files, which are read as well:
`comenq_core.wire.vocabulary`.
"""
_READABLE = frozenset(map(str, range(1, FORMAT + 1)))
_WITH_UNCONFIRMED = 3
_WITH_DELETED = 4
_WITH_FOLLOWS = 5

_RUN = os.urandom(8).hex()
_DRAFTS = count()
_PRIVATE = 0o700
_PASSAGE = 0o710
_DROP = 0o3730


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one spool.

    Args:
        root: the spool's own directory, absolute.
        group: the group whose members may drop files, or ``""``.
        format: the format that it has.
    """

    root: str
    group: str = ""
    format: int = FORMAT

    def path(self, name: str) -> str:
        """A directory or file of the spool."""
        return f"{self.root}/{name}"

    @property
    def tmp(self) -> str:
        """Files being written; never read."""
        return self.path("tmp")

    @property
    def activity(self) -> str:
        """What the worker does. It is where nobody watches: the worker must not wake itself."""
        return f"{self.tmp}/worker.json"

    @property
    def new(self) -> str:
        """Waiting jobs, and the files that are dropped in."""
        return self.path("new")

    @property
    def cur(self) -> str:
        """Jobs that the worker has, or that may be posted already."""
        return self.path("cur")

    @property
    def unconfirmed(self) -> str:
        """Jobs of which only a person can tell whether they are posted."""
        return self.path("unconfirmed")

    @property
    def past(self) -> str:
        """What is remembered of jobs that are no longer in the history."""
        return self.path("past")

    @property
    def follow(self) -> str:
        """What is kept of triggers whose answers are awaited."""
        return self.path("follow")

    @property
    def hold(self) -> str:
        """Jobs held by the operator."""
        return self.path("hold")

    @property
    def done(self) -> str:
        """Receipts."""
        return self.path("done")

    @property
    def failed(self) -> str:
        """Dead letters, and dropped files that were refused."""
        return self.path("failed")

    @property
    def deleted(self) -> str:
        """Jobs that were deleted. A job with the same key may be elsewhere, too, which counts."""
        return self.path("deleted")

    @property
    def adopt(self) -> str:
        """Dropped files on their way to become jobs, out of their owners' reach."""
        return self.path("adopt")

    @property
    def states(self) -> dict[str, State]:
        """The directories that hold jobs, the most advanced first, and what state they mean."""
        unconfirmed = {self.unconfirmed: State.UNCONFIRMED} if self._is_whole else {}
        deleted = {self.deleted: State.DELETED} if self.format >= _WITH_DELETED else {}
        return {
            self.done: State.POSTED,
            self.failed: State.FAILED,
            **unconfirmed,
            self.cur: State.POSTING,
            self.hold: State.HELD,
            self.new: State.WAITING,
            **deleted,
        }

    @property
    def _is_whole(self) -> bool:
        return self.format >= _WITH_UNCONFIRMED

    def adopted_file(self, job_id: str) -> str:
        """A dropped file that is to become the job with this id."""
        return f"{self.adopt}/{job_id}.drop"

    def failed_file(self, job_id: str) -> str:
        """A dropped or damaged file of which the dead letter with this id tells."""
        return f"{self.failed}/{job_id}.drop"

    def follow_file(self, job_id: str) -> str:
        """What is kept of the trigger that the job with this id has posted, or is to post."""
        return f"{self.follow}/{job_id}.json"

    def draft(self, name: object) -> str:
        """A path in ``tmp/`` that no other draft has, not even one that a dead process left."""
        return f"{self.tmp}/{name}.{_RUN}-{os.getpid()}-{next(_DRAFTS)}"

    @property
    def directories(self) -> frozenset[str]:
        """All that is below the root."""
        past = (self.past,) if self._is_whole else ()
        follow = (self.follow,) if self.format >= _WITH_FOLLOWS else ()
        return frozenset((*self.states, *past, *follow, self.tmp, self.adopt))

    @property
    def changes(self) -> str:
        """The lock for changes that must not happen twice, or while a worker recovers."""
        return self.path("changes.lock")

    @property
    def records(self) -> str:
        """The lock of the small records."""
        return self.path("records.lock")

    @property
    def worker(self) -> str:
        """The lock of the one worker."""
        return self.path("worker.lock")

    def prepare(self) -> None:
        """Make what is missing; refuse what others could write, or what a newer comenq has made.

        Raises:
            StoreUnusable: the spool cannot be used; the text says what to do.
        """
        gid = group_id(self.group)
        if not os.path.lexists(self.root):
            check_place(self.root)
        make_parents(os.path.dirname(self.root))
        modes = self._modes()
        make_directory(self.root, modes.pop(self.root), gid)
        if self._version() != str(FORMAT):
            self._write_version()
        for path, mode in modes.items():
            make_directory(path, mode, gid if path == self.new else None)
        # Made now, so that operators can still delete jobs when the disk is full.
        for path in (self.changes, self.records, self.worker):
            make_lock(path)
        self.check_mounts()

    def found(self) -> Layout | None:
        """The layout in the format that it has there, or ``None`` if not all of it is there.

        Makes and changes nothing, and raises as `prepare`.
        """
        group_id(self.group)
        there = {path: mode for path, mode in self._modes().items() if os.path.lexists(path)}
        for path, mode in there.items():
            check_directory(path, mode)
        if not there:
            check_place(self.root)
            return None
        version = self._version()
        found = replace(self, format=int(version)) if version else self
        if not version or not there.keys() >= found.directories:
            return None
        found.check_mounts()
        return found

    def check_mounts(self) -> None:
        """Refuse a spool of which a part is another filesystem: no rename leads there.

        Raises:
            StoreUnusable: it names the directory.
        """
        root = mount_of(self.root)
        for path in sorted(self.directories):
            if mount_of(path) != root:
                raise StoreUnusable(
                    f"{path}: another filesystem is mounted here than at {self.root}: unmount it,"
                    f" and mount the disk at {self.root}"
                )

    def _modes(self) -> dict[str, int]:
        """The directories and their modes; the one that other users look for comes last."""
        root, drop = (_PASSAGE, _DROP) if self.group else (_PRIVATE, _PRIVATE)
        inner = dict.fromkeys(self.directories - {self.new}, _PRIVATE)
        return {self.root: root, **inner, self.new: drop}

    def _version(self) -> str:
        """The format that the spool has, or ``""`` where there is none yet."""
        path = self.path("version")
        try:
            with open(path, encoding="ascii") as file:
                found = file.read(20).strip()
        except FileNotFoundError:
            return ""
        if found not in _READABLE:
            raise StoreUnusable(
                f"{path}: this spool has format {found!r}, and this comenq reads 1 to {FORMAT}:"
                " run the version of comenq that wrote it, or a newer one"
            )
        return found

    def _write_version(self) -> None:
        # Renamed into place, so that a crash leaves no spool of an unreadable format.
        path = self.path("version")
        draft = f"{path}.{os.urandom(8).hex()}"
        durable.create(draft, f"{FORMAT}\n".encode())
        durable.replace(draft, path)
