"""Opens the socket on which mails arrive."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from comenq_core import SettingsError
from comenq_email.options import Tcp

__all__ = ["listening"]

SOCKET_MODE = 0o660
DIRECTORY_MODE = 0o750
PRIVATE_MODE = 0o700


@contextmanager
def listening(place: Path | Tcp) -> Iterator[socket.socket]:
    """Listen for the length of a ``with`` block.

    Raises:
        SettingsError: it cannot listen there.
    """
    with ExitStack() as stack:
        try:
            listener = _port(place, stack) if isinstance(place, Tcp) else _path(place, stack)
        except OSError as error:
            raise SettingsError(
                f"[email] listen: cannot listen on {place}: {error.strerror or error}"
            ) from error
        yield listener


def _port(place: Tcp, stack: ExitStack) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    return stack.enter_context(socket.create_server((place.host, place.port), family=family))


def _path(path: Path, stack: ExitStack) -> socket.socket:
    _make_directory(path.parent)
    _check_free(path)
    listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    # Renamed once it is open, so that clients can connect as soon as the name is there. Nobody can
    # connect before listen(), and by then the mode is right.
    draft = path.with_name(f".{path.name}.{os.getpid():x}")
    draft.unlink(missing_ok=True)
    listener.bind(os.fspath(draft))
    draft.chmod(SOCKET_MODE)
    listener.listen()
    ours = draft.lstat()
    draft.rename(path)
    stack.callback(_remove, path, ours)
    return listener


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(PRIVATE_MODE, parents=True)
    except FileExistsError:
        return
    directory.chmod(DIRECTORY_MODE)


def _check_free(path: Path) -> None:
    """Refuse a path that is in use; a socket that a killed daemon has left is not."""
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise SettingsError(f"[email] listen: {path} is there and is no socket: remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except BlockingIOError:
            pass  # another daemon listens, and is busy
    raise SettingsError(f"[email] listen: another daemon serves {path}: choose another path")


def _remove(path: Path, ours: os.stat_result) -> None:
    with suppress(FileNotFoundError):
        if os.path.samestat(path.lstat(), ours):
            path.unlink()
