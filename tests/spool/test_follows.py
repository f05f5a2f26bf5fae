"""What is kept of triggers in the spool: one bad file is one bad file, and steps are quick."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from comenq_core.model import Follow, Lane, Snapshot
from comenq_plugins.spool import SpoolStore, follow_files
from comenq_plugins.spool.fs import safe_read
from comenq_plugins.spool.fs.safe_read import Unreadable
from tests.spool.children import OTHER, needs_root
from tests.spool.rig import FROZEN, Opener, open_at, put

SAMPLE = Path(__file__).parent.parent / "service" / "spools" / "format-5"
SEEN = Snapshot(since=FROZEN().wall, head="cafe", is_open=True)
FOLLOW = Follow(lane=Lane(reviewer="bot"), account="bot", snapshot=SEEN)


def followed(store: SpoolStore) -> tuple[str, str]:
    """Two jobs whose triggers are followed."""
    one, two = put(store, "@bot review", "@bot review")
    for job in (one, two):
        store.save_follow(job.id, FOLLOW, expect=None)
    return one.id, two.id


def damage(path: Path) -> None:
    """Leave half of a file."""
    path.write_bytes(path.read_bytes()[:20])


def give_away(path: Path) -> None:
    """Let the file be another user's."""
    os.chown(path, OTHER, OTHER)


def link(path: Path) -> None:
    """Put a symbolic link in the file's place."""
    path.rename(path.parent.parent / "elsewhere.json")
    path.symlink_to("../elsewhere.json")


def put_directory(path: Path) -> None:
    """Put a directory in the file's place."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil", [damage, pytest.param(give_away, marks=needs_root), link, put_directory]
)
def test_a_file_that_cannot_be_read_is_told_once_and_passed_over(
    store: SpoolStore, spool: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The others are followed all the same, and it stays until its job is followed again."""
    bad, good = followed(store)
    path = spool / "follow" / f"{bad}.json"
    spoil(path)
    for _ in range(2):
        assert dict(store.follows()) == {good: FOLLOW}
    assert caplog.text.count("follow_unreadable") == 1
    store.save_follow(bad, None, expect=None)
    assert os.path.lexists(path)
    store.save_follow(bad, FOLLOW, expect=None)
    assert dict(store.follows()) == {bad: FOLLOW, good: FOLLOW}


def test_a_stray_is_told_once_and_passed_over(
    store: SpoolStore, spool: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What has no job's name is nothing of comenq's."""
    followed(store)
    stray = spool / "follow" / "notes.txt"
    stray.touch()
    for _ in range(2):
        assert len(store.follows()) == 2
    assert caplog.text.count("follow_unreadable") == 1
    assert stray.exists()


def test_only_what_has_changed_is_read_again(store: SpoolStore, opener: Opener) -> None:
    """A worker asks at every step, and few answers come at once."""
    one, two = followed(store)
    other = opener()
    with patch.object(follow_files, "_decoded", side_effect=follow_files._decoded) as read:
        assert dict(store.follows()) == {one: FOLLOW, two: FOLLOW}
        assert read.call_count == 2
        assert dict(store.follows()) == {one: FOLLOW, two: FOLLOW}
        assert read.call_count == 2
    newer = replace(FOLLOW, adopted="https://forge.example/1")
    other.save_follow(one, newer, expect=FOLLOW)
    with patch.object(follow_files, "_decoded", side_effect=follow_files._decoded) as read:
        assert dict(store.follows()) == {one: newer, two: FOLLOW}
        assert read.call_count == 1


def test_a_quiet_directory_is_not_listed_again(store: SpoolStore, spool: Path) -> None:
    """A step that has nothing new costs one look at the directory, until something changes."""
    one, two = followed(store)
    long_ago = 1_700_000_000
    os.utime(spool / "follow", (long_ago, long_ago))
    store.follows()
    with patch.object(os, "scandir", side_effect=os.scandir) as scandir:
        assert dict(store.follows()) == {one: FOLLOW, two: FOLLOW}
        assert scandir.call_count == 0
    store.save_follow(one, None, expect=FOLLOW)
    assert dict(store.follows()) == {two: FOLLOW}


def test_a_disk_that_does_not_give_a_file_is_asked_again(store: SpoolStore, spool: Path) -> None:
    """What is kept of the trigger counts again as soon as it can be read."""
    one, two = followed(store)
    os.utime(spool / "follow", (1_700_000_000, 1_700_000_000))
    real = safe_read.read_own

    def failing(path: str, limit: int) -> bytes:
        if one in path:
            raise Unreadable(errno.EIO, os.strerror(errno.EIO), path)
        return real(path, limit)

    with patch.object(follow_files, "read_own", side_effect=failing):
        assert dict(store.follows()) == {two: FOLLOW}
    assert dict(store.follows()) == {one: FOLLOW, two: FOLLOW}


def test_what_an_earlier_version_has_kept_is_read(tmp_path: Path) -> None:
    """An upgrade amid an answer loses nothing of it."""
    shutil.copytree(SAMPLE, tmp_path / "queue")
    (tmp_path / "queue").chmod(0o700)
    with closing(open_at(tmp_path / "queue")) as store:
        (follow,) = store.follows().values()
    assert follow.lane == Lane(reviewer="coderabbit", scope="octo")
    assert follow.following
    assert [one.reason for one in follow.following.evidence] == ["Review triggered"]


def test_an_older_spool_that_is_looked_at_keeps_nothing_of_triggers(
    store: SpoolStore, spool: Path
) -> None:
    """Nothing is made for it."""
    (spool / "follow").rmdir()
    (spool / "version").write_text("4\n")
    found = store._layout.found()
    assert found
    assert dict(follow_files.FollowFiles(found).follows()) == {}


def test_what_is_kept_of_a_trigger_goes_with_its_text(store: SpoolStore, spool: Path) -> None:
    """Erasing a comment leaves nothing of it."""
    one, two = followed(store)
    store.forget(one, "so")
    assert dict(store.follows()) == {two: FOLLOW}
    assert not list(spool.rglob(f"*{one}*"))
