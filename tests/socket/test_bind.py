"""The socket's path: how it is made, what it replaces, and how it is removed."""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.errors import SettingsError
from comenq_core.process.unix_address import listening


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Run under this umask."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def _make_stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_mode_is_0660_whatever_the_umask(directory: Path, umask: int) -> None:
    """The socket and its directory have the same modes under every umask."""
    path = directory / "made" / "c.sock"
    with listening(path):
        assert _mode(path) == 0o660
        assert _mode(path.parent) == 0o750


def test_mode_is_never_wider(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between bind and chmod, under umask 0, the temporary name is no wider than 0660."""
    modes = []
    chmod = Path.chmod

    def record_first(path: Path, wanted: int) -> None:
        modes.append(_mode(path))
        chmod(path, wanted)

    monkeypatch.setattr(Path, "chmod", record_first)
    before = os.umask(0)
    try:
        with listening(directory / "c.sock"):
            pass
    finally:
        os.umask(before)
    assert modes
    assert all(seen & ~0o660 == 0 for seen in modes)


def test_path_appears_ready_to_be_connected_to(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of the rename, the socket already accepts connections."""
    answers = []
    rename = Path.rename

    def connect_first(path: Path, target: Path) -> Path:
        with socket.socket(socket.AF_UNIX) as client:
            answers.append(client.connect_ex(str(path)))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", connect_first)
    with listening(directory / "c.sock"):
        assert answers == [0]


def test_stale_socket_is_replaced(directory: Path) -> None:
    """A socket that nobody listens on is replaced."""
    path = directory / "c.sock"
    _make_stale(path)
    stale = path.lstat().st_ino
    with listening(path):
        assert path.lstat().st_ino != stale


def test_live_socket_is_left_alone(directory: Path) -> None:
    """A daemon that listens, even one that takes no lock, is not replaced."""
    path = directory / "c.sock"
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(path))
        living.listen()
        inode = path.lstat().st_ino
        with pytest.raises(SettingsError, match="another daemon serves"), listening(path):
            pass
        assert path.lstat().st_ino == inode


def test_daemon_that_is_about_to_listen_is_not_replaced(directory: Path) -> None:
    """A daemon that holds the lock has the path, though it does not listen yet."""
    path = directory / "c.sock"
    with (directory / "c.sock.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="another daemon serves"), listening(path):
            pass
    assert not path.exists()


def test_busy_daemon_is_not_replaced(directory: Path) -> None:
    """A daemon whose backlog is full is taken for a live one."""
    path = directory / "c.sock"
    with socket.socket(socket.AF_UNIX) as living, socket.socket(socket.AF_UNIX) as first:
        living.bind(str(path))
        living.listen(0)
        first.connect(str(path))
        with pytest.raises(SettingsError, match="another daemon serves"), listening(path):
            pass


@pytest.mark.parametrize("what", ["file", "directory", "symlink"])
def test_file_that_is_no_socket_is_left_alone(directory: Path, what: str) -> None:
    """Something else at that path is an error that names it, and stays."""
    path = directory / "c.sock"
    if what == "file":
        path.write_text("precious")
    elif what == "directory":
        path.mkdir()
    else:
        path.symlink_to(directory / "elsewhere")
    before = path.lstat()
    with pytest.raises(SettingsError, match=r"c\.sock is there and is no socket"), listening(path):
        pass
    assert os.path.samestat(path.lstat(), before)


def test_path_is_removed(directory: Path) -> None:
    """At the end, the socket is removed."""
    path = directory / "c.sock"
    with listening(path):
        pass
    assert not path.is_socket()


def test_socket_of_a_successor_is_left_alone(directory: Path) -> None:
    """A socket that another process has made there since is not removed."""
    path = directory / "c.sock"
    with listening(path):
        path.unlink()
        _make_stale(path)
    assert path.is_socket()


def test_nothing_temporary_is_left(directory: Path) -> None:
    """Only the socket and its lock are in the directory."""
    with listening(directory / "c.sock"):
        assert sorted(os.listdir(directory)) == ["c.sock", "c.sock.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to any group")
def test_group_gets_socket_and_directory(directory: Path) -> None:
    """The group that the settings name owns the socket, and the directory made for it."""
    other = next(group for group in grp.getgrall() if group.gr_gid not in {0, os.getegid()})
    path = directory / "made" / "c.sock"
    with listening(path, other.gr_name):
        assert path.lstat().st_gid == other.gr_gid
        assert path.parent.lstat().st_gid == other.gr_gid


def test_unknown_group_is_named(directory: Path) -> None:
    """A group that does not exist is an error that names the setting and the group."""
    with (
        pytest.raises(SettingsError, match=r"unix\.group.*no-such-group"),
        listening(directory / "c.sock", "no-such-group"),
    ):
        pass


def test_directory_that_cannot_be_made_is_named(directory: Path) -> None:
    """A path below a file is an error that names it."""
    (directory / "file").touch()
    path = directory / "file" / "c.sock"
    with pytest.raises(SettingsError, match=r"cannot listen on .*c\.sock"), listening(path):
        pass


def test_longest_path_is_served(directory: Path) -> None:
    """A path of 107 bytes, which is all that fits, can be served and connected to."""
    path = directory / ("x" * (106 - len(str(directory))))
    with listening(path), socket.socket(socket.AF_UNIX) as client:
        assert client.connect_ex(str(path)) == 0


def test_path_that_is_too_long_is_named(directory: Path) -> None:
    """A path that the system cannot take is an error that names it."""
    path = directory / ("x" * 120)
    with pytest.raises(SettingsError, match="may have 107"), listening(path):
        pass
