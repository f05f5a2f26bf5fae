"""A Unix socket's path: bound without displacing a live daemon, and removed at the end."""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from comenq_core.errors import AddressTaken, SettingsError
from comenq_core.paths import socket_fault

__all__ = ["SOCKET", "Address", "Names", "check_length", "listening"]

MODE = 0o660
DIRECTORY_MODE = 0o750
PRIVATE_MODE = 0o700
PASSAGE_MODE = 0o755
BACKLOG = 1024
# To chown(), this means: leave it as it is.
NO_GROUP = -1


class Names(NamedTuple):
    """What the settings call a socket's path and its group."""

    path: str
    group: str


SOCKET = Names("socket_path", "unix.group")
"""The socket of comenq's clients."""


@dataclass(frozen=True, slots=True)
class Address:
    """A path that clients connect to, and the socket that listens there.

    Args:
        path: the path.
        listener: the socket.
        file: the socket's file, as it was made.
    """

    path: Path
    listener: socket.socket
    file: os.stat_result

    def leads_here(self) -> bool:
        """Whether the path is still the socket's: a sweeper may remove it, or its directory."""
        try:
            return os.path.samestat(self.path.lstat(), self.file)
        except OSError:
            return False


@contextmanager
def listening(path: Path, group: str = "", names: Names = SOCKET) -> Iterator[Address]:
    """Listen on ``path`` for the length of a ``with`` block.

    A stale socket is replaced; anything else at the path is left alone. The path appears with its
    final mode and owner, and ready to be connected to.

    Args:
        path: where clients connect; a missing directory is made.
        group: the group that may connect, besides the daemon's own user; ``""`` for its own group.
        names: of the settings, for messages.

    Raises:
        SettingsError: the path cannot be used.
        AddressTaken: a daemon already serves it.
    """
    with ExitStack() as stack:
        try:
            address = _bind(path, _group_id(group, names), names, stack)
        except OSError as error:
            raise SettingsError(
                f"{names.path}: cannot listen on {path}: {error.strerror or error}"
            ) from error
        yield address


def _bind(path: Path, gid: int, names: Names, stack: ExitStack) -> Address:
    check_length(path, names)
    _make_directory(path.parent, gid)
    stack.enter_context(_locked(path, names))
    _check_free(path, names)
    listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    # Short, so that the longest path that the system takes can be served.
    temporary = path.with_name(f".{os.getpid():x}")
    temporary.unlink(missing_ok=True)
    # bind() gives the file this mode less the umask; chmod() adds what the umask has taken. Before
    # listen(), connecting fails anyway. https://man7.org/linux/man-pages/man7/unix.7.html
    os.fchmod(listener.fileno(), MODE)
    listener.bind(os.fspath(temporary))
    os.chown(temporary, -1, gid)
    _check_group(temporary, gid, names)
    temporary.chmod(MODE)
    listener.listen(BACKLOG)
    listener.settimeout(0)
    address = Address(path, listener, temporary.lstat())
    temporary.rename(path)
    stack.callback(_remove, address)
    return address


def _check_group(path: Path, gid: int, names: Names) -> None:
    # In the sandbox of conf/comenq.service, chown() succeeds and does nothing.
    if gid not in {NO_GROUP, path.lstat().st_gid}:
        raise SettingsError(
            f"{names.group}: the socket cannot be given to that group here: name the group of the"
            " daemon's own user, or give the service another one with Group="
        )


def check_length(path: Path, names: Names = SOCKET) -> None:
    """Refuse a path that the system does not take.

    Raises:
        SettingsError: it names the limit, and a shorter path.
    """
    # Renaming to a longer path would work, but no client could connect to it.
    if fault := socket_fault(os.fspath(path), os.environ, sys.platform):
        raise SettingsError(f"{names.path}: {fault}")


def _make_directory(directory: Path, gid: int) -> None:
    if directory.is_dir():
        return
    for above in reversed(directory.parents):
        with suppress(FileExistsError):
            above.mkdir(PASSAGE_MODE)
    try:
        directory.mkdir(PRIVATE_MODE)
    except FileExistsError:
        return  # another intake, which starts at the same time, was faster
    os.chown(directory, -1, gid)
    directory.chmod(DIRECTORY_MODE)


def _group_id(group: str, names: Names) -> int:
    try:
        return grp.getgrnam(group).gr_gid if group else NO_GROUP
    except KeyError:
        raise SettingsError(
            f"{names.group}: there is no group {group!r}: create it, or name another"
        ) from None


@contextmanager
def _locked(path: Path, names: Names) -> Iterator[None]:
    """Keep a second daemon from checking and binding the path at the same time."""
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb"):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(path, names) from None
        yield


def _check_free(path: Path, names: Names) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise SettingsError(
            f"{names.path}: {path} is there and is no socket: remove it, or choose another path"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except BlockingIOError:
            pass  # a daemon listens, and is too busy to answer
    raise _taken(path, names)


def _taken(path: Path, names: Names) -> AddressTaken:
    return AddressTaken(
        f"{names.path}: another daemon serves {path}: stop that one, or choose another path"
    )


def _remove(address: Address) -> None:
    with suppress(FileNotFoundError):
        if address.leads_here():
            address.path.unlink()
