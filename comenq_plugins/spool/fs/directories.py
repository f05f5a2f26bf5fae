"""Makes the spool's directories with their modes, and refuses those that every user can write.

A platform that gives a volume to a group (``fsGroup`` of Kubernetes) opens all directories on it to
that group, at each start. The owner closes them again, and says so in the log.
https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
"""

from __future__ import annotations

import grp
import os
import stat

from comenq_core.errors import StoreUnusable
from comenq_core.process.log import Log
from comenq_plugins.spool.fs import durable

__all__ = ["check_directory", "check_place", "group_id", "make_directory", "make_parents"]

_THE_KERNELS = ("/proc/", "/sys/")
_PUBLIC = 0o755
_PRIVATE = 0o700
_WRITABLE_BY_ALL = 0o002
_WRITABLE_BY_GROUP = 0o020
# The modes of a directory for dropped files, which only the settings open to a group.
_DROP = stat.S_ISVTX | _WRITABLE_BY_GROUP

log = Log("spool")


def group_id(group: str) -> int | None:
    """The number of a group; ``None`` for none.

    Raises:
        StoreUnusable: there is no such group. The functions below raise it, too.
    """
    if not group:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise StoreUnusable(f"[spool] group: there is no group {group!r} on this machine") from None


def make_parents(path: str) -> None:
    """Make the directories above the spool; others may pass them, and not change them."""
    if not os.path.isdir(path):
        make_parents(os.path.dirname(path))
        make_directory(path, _PUBLIC, None)


def check_place(root: str) -> None:
    """Refuse a place where no spool can be made."""
    parent = os.path.dirname(root)
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    if not os.path.isdir(parent) or not os.access(parent, os.W_OK | os.X_OK):
        raise StoreUnusable(
            f"{root}: it cannot be made in {parent} by this process's user ({os.geteuid()}):"
            " make it as root and give it away with chown, or set another queue_path"
        )
    if f"{os.path.realpath(parent)}/".startswith(_THE_KERNELS):
        raise StoreUnusable(
            f"{root}: it cannot be made in {parent}, which keeps no files: set another queue_path"
        )


def make_directory(path: str, mode: int, gid: int | None) -> None:
    """Make a directory, or check one that is there; it has this mode and group afterwards."""
    try:
        os.mkdir(path, _PRIVATE)
    except FileExistsError:
        check_directory(path, mode)
    else:
        # What is acknowledged in a directory is as durable as the directory's own name.
        durable.sync_directory(os.path.dirname(path))
    if gid is not None and os.stat(path).st_gid != gid:
        os.chown(path, -1, gid)
        _check_group(path, gid)
    found = stat.S_IMODE(os.stat(path).st_mode)
    if found != mode:
        _change_mode(path, mode)
    if found & _WRITABLE_BY_GROUP & ~mode:
        log.warning(
            "mode_tightened",
            f"The group could write in this directory; its mode is {mode:04o} again.",
            path=path,
            mode=f"{found:04o}",
        )


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


def check_directory(path: str, mode: int) -> None:
    """Refuse a directory that another user owns, or every user can write against this mode."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise StoreUnusable(f"{path}: this must be a directory; move it away and start again")
    if status.st_uid != os.geteuid():
        raise StoreUnusable(
            f"{path}: it belongs to uid {status.st_uid}, not to this process's user"
            f" ({os.geteuid()}): run as that user, or give it away with chown"
        )
    found = stat.S_IMODE(status.st_mode)
    is_drop = found & _DROP == _DROP and not mode & _WRITABLE_BY_GROUP
    if is_drop or found & _WRITABLE_BY_ALL & ~mode:
        raise StoreUnusable(
            f"{path}: others can write here (mode {found:04o}):"
            f" check what is in it, then run chmod {mode:04o} {path}"
        )
