"""The names in the cache are always those in the directory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.model import Change, Failed, State
from comenq_core.testing.clock import FakeClock
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.listing_cache import ListingCache
from tests.spool.rig import Opener, attempt, claim, put

NAMES = [Name(order, 0, "7f3kq2m8x1ab", "5tq0w9zr") for order in range(3)]
LONG_AGO = (1_000_000_000, 1_000_000_000)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The directories that are read."""
    paths: list[str] = []
    real = os.scandir

    def spy(path: str) -> Iterator[os.DirEntry[str]]:
        paths.append(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", spy)
    return paths


def test_a_directory_that_stays_as_it_was_is_read_once(tmp_path: Path, read: list[str]) -> None:
    """A directory whose time does not change is read once, however often it is listed."""
    (tmp_path / str(NAMES[0])).touch()
    os.utime(tmp_path, LONG_AGO)
    known = ListingCache()
    assert [known.names(str(tmp_path)) for _ in range(3)] == [NAMES[:1]] * 3
    assert read == [str(tmp_path)]


def test_what_comes_and_goes_is_noticed(tmp_path: Path) -> None:
    """A directory whose time has changed is read again."""
    os.utime(tmp_path, LONG_AGO)
    known = ListingCache()
    assert known.names(str(tmp_path)) == []
    (tmp_path / str(NAMES[0])).touch()
    assert known.names(str(tmp_path)) == NAMES[:1]
    (tmp_path / str(NAMES[0])).unlink()
    assert known.names(str(tmp_path)) == []


def test_a_change_that_leaves_no_trace_is_noticed(tmp_path: Path) -> None:
    """Two changes in quick succession are seen, though the directory's time is the same."""
    moment = (time.time_ns(), time.time_ns())
    known = ListingCache()
    for number, name in enumerate(NAMES, 1):
        (tmp_path / str(name)).touch()
        os.utime(tmp_path, ns=moment)
        assert known.names(str(tmp_path)) == NAMES[:number]


def test_another_directory_in_the_same_place_is_noticed(tmp_path: Path) -> None:
    """A directory that replaces another one is read, also if it has the same time."""
    place, other = tmp_path / "place", tmp_path / "other"
    for directory in (place, other):
        directory.mkdir()
    (other / str(NAMES[0])).touch()
    for directory in (place, other):
        os.utime(directory, LONG_AGO)
    known = ListingCache()
    assert known.names(str(place)) == []
    place.rename(tmp_path / "away")
    other.rename(place)
    assert known.names(str(place)) == NAMES[:1]


def test_only_jobs_are_listed_in_their_order(tmp_path: Path) -> None:
    """Files that are no jobs are not listed."""
    for name in (NAMES[2], "7f3kq2m8x1ab.drop", NAMES[0], f".{NAMES[1]}", NAMES[1]):
        (tmp_path / str(name)).touch()
    assert ListingCache().names(str(tmp_path)) == NAMES


def test_pages_of_a_long_list_read_its_directory_once(
    store: SpoolStore, spool: Path, clock: FakeClock, read: list[str]
) -> None:
    """A page of held or failed jobs costs its own length, and not the list's."""
    jobs = put(store, "a", "b", "c", "d", "e", "f")
    with store.lock():
        for _ in jobs[:3]:
            store.settle(claim(store), Failed(reason="locked"), attempt(store))
            clock.advance(1)
    for job in jobs[3:]:
        store.change(job.id, Change.HOLD)
    held, failed = str(spool / "hold"), str(spool / "failed")
    for directory in (held, failed):
        os.utime(directory, LONG_AGO)
    read.clear()
    pages = [store.pending(limit=1, offset=place, states=[State.HELD]) for place in range(3)]
    assert [job.id for page in pages for job in page] == [job.id for job in jobs[3:]]
    pages = [store.history(limit=1, offset=place, only_failed=True) for place in range(3)]
    assert [job.id for page in pages for job in page] == [job.id for job in jobs[2::-1]]
    assert (read.count(held), read.count(failed)) == (1, 1)


def test_what_another_process_holds_is_listed(
    store: SpoolStore, opener: Opener, spool: Path
) -> None:
    """The cache does not hide a change by another process."""
    first, second = put(store, "a", "b")
    store.change(first.id, Change.HOLD)
    os.utime(spool / "hold", LONG_AGO)
    assert [job.id for job in store.pending(states=[State.HELD])] == [first.id]
    opener().change(second.id, Change.HOLD)
    assert [job.id for job in store.pending(states=[State.HELD])] == [first.id, second.id]
