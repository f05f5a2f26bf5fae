"""Where things stand in the spool, and with which modes.

Everything is the daemon's alone. Where the settings name a group, its members may reach ``new/``
and put files there, but not list it, read it, or touch each other's files (sticky).
"""

from __future__ import annotations

import grp
import os
import stat
from dataclasses import dataclass

from comenq_core.errors import StoreUnusable
from comenq_core.model import State
from comenq_plugins.spool import durable
from comenq_plugins.spool.locks import make_lock

__all__ = ["FORMAT", "Layout"]

FORMAT = 1
"""The spool's format, as its file ``version`` has it."""

_PUBLIC = 0o755
_PRIVATE = 0o700
_PASSAGE = 0o710
_DROP = 0o3730
_WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one spool.

    Args:
        root: the spool's own directory, absolute.
        group: the group whose members may drop files, or ``""``.
    """

    root: str
    group: str = ""

    def path(self, name: str) -> str:
        """A directory or file of the spool."""
        return f"{self.root}/{name}"

    @property
    def tmp(self) -> str:
        """Files being written; never read."""
        return self.path("tmp")

    @property
    def new(self) -> str:
        """Waiting jobs, and the files that are dropped in."""
        return self.path("new")

    @property
    def cur(self) -> str:
        """Jobs that the worker has, or that may be posted already."""
        return self.path("cur")

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
    def adopt(self) -> str:
        """Dropped files on their way to become jobs, out of everybody else's reach."""
        return self.path("adopt")

    @property
    def states(self) -> dict[str, State]:
        """The directories that hold jobs, the most advanced first, with what they say of one."""
        return {
            self.done: State.POSTED,
            self.failed: State.FAILED,
            self.cur: State.POSTING,
            self.hold: State.HELD,
            self.new: State.WAITING,
        }

    def draft(self, name: object) -> str:
        """A path in ``tmp/`` that no other draft has, whoever died while writing one."""
        return f"{self.tmp}/{name}.{os.urandom(8).hex()}"

    @property
    def directories(self) -> frozenset[str]:
        """All that is below the root."""
        return frozenset((*self.states, self.tmp, self.adopt))

    @property
    def changes(self) -> str:
        """The lock of all that must not happen twice, or while a worker recovers."""
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
        """Make what is missing; refuse what others could write, or a newer comenq has made.

        Raises:
            StoreUnusable: the spool cannot be used; the text says what to do.
        """
        gid = _gid(self.group)
        _parents(os.path.dirname(self.root))
        _directory(self.root, _PASSAGE if self.group else _PRIVATE, gid)
        self._check_version()
        for path in self.directories - {self.new}:
            _directory(path, _PRIVATE, None)
        _directory(self.new, _DROP if self.group else _PRIVATE, gid)
        # Made now, so that operators can still clear up when the disk is full.
        for path in (self.changes, self.records, self.worker):
            make_lock(path)

    def _check_version(self) -> None:
        path = self.path("version")
        try:
            with open(path, encoding="ascii") as file:
                found = file.read(20).strip()
        except FileNotFoundError:
            # Renamed into place, so that a crash leaves no spool of an unreadable format.
            draft = f"{path}.{os.urandom(8).hex()}"
            durable.create(draft, f"{FORMAT}\n".encode())
            durable.replace(draft, path)
            return
        if found != str(FORMAT):
            raise StoreUnusable(
                f"{path}: this spool has format {found[:20]!r}, and this comenq reads {FORMAT}:"
                " run the version of comenq that wrote it, or a newer one"
            )


def _gid(group: str) -> int | None:
    if not group:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise StoreUnusable(f"[spool] group: there is no group {group!r} on this machine") from None


def _parents(path: str) -> None:
    """Make the directories above the spool, which others may pass and not change."""
    if not os.path.isdir(path):
        _parents(os.path.dirname(path))
        _directory(path, _PUBLIC, None)


def _directory(path: str, mode: int, gid: int | None) -> None:
    try:
        os.mkdir(path, _PRIVATE)
    except FileExistsError:
        _check_directory(path, mode)
    else:
        # What is acknowledged in a directory is as durable as the directory's own name.
        durable.sync_directory(os.path.dirname(path))
    if gid is not None and os.stat(path).st_gid != gid:
        os.chown(path, -1, gid)
        _check_group(path, gid)
    if stat.S_IMODE(os.stat(path).st_mode) != mode:
        _change_mode(path, mode)


def _check_group(path: str, gid: int) -> None:
    # In the sandbox of conf/comenq.service, chown succeeds and does nothing.
    if os.stat(path).st_gid != gid:
        raise StoreUnusable(
            f"[spool] group: {path} cannot be given to that group here: name the group of the"
            " daemon's own user, or give the service another one with Group="
        )


def _change_mode(path: str, mode: int) -> None:
    try:
        os.chmod(path, mode)
    except PermissionError:
        if not mode & stat.S_ISGID:
            raise
        raise StoreUnusable(
            f"[spool] group: {path} cannot have mode {mode:04o} here: systemd refuses it to a"
            " service, unless that has RestrictSUIDSGID=no (systemctl edit comenq)"
        ) from None


def _check_directory(path: str, mode: int) -> None:
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise StoreUnusable(f"{path}: this must be a directory; move it away and start again")
    if status.st_uid != os.geteuid():
        raise StoreUnusable(
            f"{path}: it belongs to uid {status.st_uid}, not to this process's user"
            f" ({os.geteuid()}): run as that user, or give it away with chown"
        )
    if stat.S_IMODE(status.st_mode) & _WRITABLE_BY_OTHERS & ~mode:
        raise StoreUnusable(
            f"{path}: others can write here (mode {stat.S_IMODE(status.st_mode):04o}):"
            f" check what is in it, then run chmod {mode:04o} {path}"
        )
