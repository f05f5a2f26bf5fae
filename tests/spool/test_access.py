"""Modes and owners: who may do what in a spool, and which spools are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import Change, Done, Pacing, Pause
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolFactory
from comenq_plugins.spool.format.layout import FORMAT
from tests.spool.children import OTHER, needs_root
from tests.spool.rig import (
    DIRECTORIES,
    FROZEN,
    Opener,
    attempt,
    claim,
    contents_of,
    everything_in,
    mode_of,
    my_group,
    open_at,
    put,
)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Another umask for a block."""
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o377])
def test_all_is_private_whatever_the_umask(spool: Path, opener: Opener, mask: int) -> None:
    """Every directory has mode 0700 and every file 0600, for the daemon's user alone."""
    with umask(mask):
        store = opener()
        put(store, "one", "two", "three")
        store.change(put(store, "held")[0].id, Change.HOLD)
        store.pause(Pause(since=store.now().wall, reason="rest"))
        store.save_pacing(Pacing(account="bot", at=FROZEN()), expect=None)
        with store.lock():
            store.settle(claim(store), Done(url="https://forge.example/1"), attempt(store))
            claim(store)
    modes = {path: mode_of(path) for path in (spool, *spool.rglob("*"))}
    wanted = 0o600 & ~mask if mask == 0o377 else 0o600
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else wanted), path
    assert {path.parent.name for path in modes} >= {"new", "cur", "hold", "done"}


def test_no_directory_is_ever_more_open_than_it_is_to_be(
    spool: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory whose mode cannot be changed afterwards has the right one from the beginning."""

    def refuse(path: str, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr(os, "chmod", refuse)
    with umask(0):
        opener()
    assert {mode_of(path) for path in (spool, *spool.iterdir()) if path.is_dir()} == {0o700}


def test_directories_above_are_made_so_that_others_cannot_change_them(tmp_path: Path) -> None:
    """Other users cannot rename the spool's parent, and put another spool in its place."""
    with umask(0):
        open_at(tmp_path / "var" / "comenq" / "queue").close()
    assert [mode_of(tmp_path / "var"), mode_of(tmp_path / "var" / "comenq")] == [0o755] * 2


@pytest.mark.parametrize("mask", [0o000, 0o777])
def test_a_group_may_reach_new_and_nothing_else(spool: Path, opener: Opener, mask: int) -> None:
    """Members of [spool] group pass the root and write into new/; they list and read nothing."""
    with umask(mask):
        opener(group=my_group())
    assert mode_of(spool) == 0o710
    assert mode_of(spool / "new") == 0o3730
    assert {mode_of(spool / name) for name in DIRECTORIES if name != "new"} == {0o700}
    assert (spool / "new").stat().st_gid == os.getgid()


def test_a_group_can_be_added_later(spool: Path, opener: Opener) -> None:
    """A private spool is opened to the group when the settings name one."""
    opener()
    opener(group=my_group())
    assert (mode_of(spool), mode_of(spool / "new")) == (0o710, 0o3730)


def test_a_group_that_is_taken_from_the_settings_is_not_forgotten(
    spool: Path, opener: Opener
) -> None:
    """An operator who removes the group is told which mode to set, after a look at the files."""
    opener(group=my_group())
    with pytest.raises(StoreError, match=r"new: others can write here \(mode 3730\).*chmod 0700"):
        opener()
    (spool / "new").chmod(0o700)
    opener()
    assert mode_of(spool) == 0o700


def test_a_group_that_does_not_exist_is_an_error(opener: Opener) -> None:
    """The error says which setting names it."""
    with pytest.raises(StoreError, match=r"\[spool\] group: there is no group 'nobody-has-it'"):
        opener(group="nobody-has-it")


@pytest.mark.parametrize("name", [".", *DIRECTORIES])
@pytest.mark.parametrize("mode", [0o702, 0o777, 0o1777, 0o1730])
def test_a_directory_that_others_can_write_is_refused(
    spool: Path, opener: Opener, name: str, mode: int
) -> None:
    """The error names the directory, its mode, and the mode to set."""
    opener()
    (spool / name).chmod(mode)
    with pytest.raises(StoreError, match=rf"\(mode {mode:04o}\).*run chmod 0700 {spool / name}"):
        opener()
    (spool / name).chmod(0o700)
    opener()


@pytest.mark.parametrize("name", [".", *DIRECTORIES])
@pytest.mark.parametrize("mode", [0o2770, 0o770, 0o720])
def test_a_directory_that_a_platform_opened_to_a_group_is_closed(
    spool: Path, opener: Opener, name: str, mode: int
) -> None:
    """The owner sets the mode again, as after fsGroup of Kubernetes."""
    opener()
    (spool / name).chmod(mode)
    opener()
    assert mode_of(spool / name) == 0o700


def test_a_group_keeps_its_way_to_new_where_a_platform_opened_all(
    spool: Path, opener: Opener
) -> None:
    """With [spool] group and fsGroup alike, the modes are again those of the settings."""
    opener(group=my_group())
    for path in (spool, spool / "new", spool / "cur"):
        path.chmod(mode_of(path) | 0o2770)
    opener(group=my_group())
    assert [mode_of(path) for path in (spool, spool / "new", spool / "cur")] == [
        0o710,
        0o3730,
        0o700,
    ]


@pytest.mark.parametrize("mode", [0o500, 0o750, 0o755])
def test_a_directory_that_others_can_only_read_is_closed(
    spool: Path, opener: Opener, mode: int
) -> None:
    """A mode that lets others read, and not write, is corrected without an error."""
    opener()
    (spool / "done").chmod(mode)
    opener()
    assert mode_of(spool / "done") == 0o700


@needs_root
@pytest.mark.parametrize("name", [".", *DIRECTORIES])
def test_a_directory_of_another_user_is_refused(spool: Path, opener: Opener, name: str) -> None:
    """The error says who owns it, and what to do."""
    opener()
    os.chown(spool / name, OTHER, -1)
    with pytest.raises(StoreError, match=rf"it belongs to uid {OTHER}.*chown"):
        opener()


@pytest.mark.parametrize("kind", ["file", "link"])
@pytest.mark.parametrize("name", [".", *DIRECTORIES])
def test_what_is_no_directory_is_refused(spool: Path, opener: Opener, name: str, kind: str) -> None:
    """A file is refused, and a link to a directory too: its owner could change where it leads."""
    path = spool / name if name != "." else spool
    if path != spool:
        opener()
        path.rmdir()
    if kind == "file":
        path.touch()
    else:
        elsewhere = spool.with_name("elsewhere")
        elsewhere.mkdir(mode=0o700)
        path.symlink_to(elsewhere)
    with pytest.raises(StoreError, match=rf"{path}: this must be a directory"):
        opener()


@pytest.mark.parametrize("text", [f"{FORMAT + 1}\n", "99", "", "one", "\x1b[31m"])
def test_a_spool_of_another_format_is_refused(spool: Path, opener: Opener, text: str) -> None:
    """A newer comenq's spool stays as it is, byte for byte; the error says what to run."""
    put(opener())
    (spool / "version").write_text(text)
    before = everything_in(spool), contents_of(spool)
    refusal = f"this comenq reads 1 to {FORMAT}: run the version"
    with pytest.raises(StoreError, match=refusal):
        opener()
    with pytest.raises(StoreError, match=refusal):
        SpoolFactory().inspect(Settings(queue_path=spool))
    assert (everything_in(spool), contents_of(spool)) == before


def test_the_format_is_written_whole_or_not_at_all(spool: Path, opener: Opener) -> None:
    """A first start that was cut short leaves no spool of another format."""
    spool.mkdir(mode=0o700)
    (spool / "version.0123456789abcdef").write_text("")
    opener()
    assert (spool / "version").read_text() == f"{FORMAT}\n"
