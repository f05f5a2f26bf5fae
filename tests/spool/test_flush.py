"""Which way of making a batch durable is taken, and what it does when it fails."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_plugins.spool import durable, flush
from comenq_plugins.spool.flush import Flusher


class Meter:
    """A timer on which each kind of call takes as long as the test says.

    Args:
        one: seconds for an fsync.
        whole: seconds for a syncfs.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, one: float, whole: float) -> None:
        self.now = 0.0
        self.calls: list[str] = []
        monkeypatch.setattr(os, "fsync", lambda _: self._spend("fsync", one))
        monkeypatch.setattr(flush, "_syncfs", lambda _: self._spend("syncfs", whole))
        monkeypatch.setattr(flush, "_has_syncfs", lambda: True)
        monkeypatch.setattr(flush, "_is_trusted", lambda _: True)

    def _spend(self, call: str, seconds: float) -> None:
        self.calls.append(call)
        self.now += seconds

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def descriptors(tmp_path: Path) -> Iterator[list[int]]:
    """Eight open files."""
    opened = [os.open(tmp_path / str(i), os.O_WRONLY | os.O_CREAT, 0o600) for i in range(8)]
    yield opened
    for descriptor in opened:
        os.close(descriptor)


def used(meter: Meter, descriptors: list[int], batches: int) -> list[str]:
    """The calls of the last batch of so many."""
    flusher = Flusher(meter)
    for _ in range(batches):
        meter.calls.clear()
        flusher.flush(descriptors)
    return meter.calls


def test_a_batch_settles_on_syncfs_where_that_is_cheaper(
    monkeypatch: pytest.MonkeyPatch, descriptors: list[int]
) -> None:
    """Once both were measured, eight fsyncs that cost more than a syncfs are not made."""
    meter = Meter(monkeypatch, one=1.0, whole=2.0)
    assert used(meter, descriptors, 10) == ["syncfs"]


def test_a_batch_settles_on_fsync_where_others_write_much(
    monkeypatch: pytest.MonkeyPatch, descriptors: list[int]
) -> None:
    """A syncfs that waits for somebody else's gigabytes is given up."""
    meter = Meter(monkeypatch, one=1.0, whole=60.0)
    assert used(meter, descriptors, 10) == ["fsync"] * 8


def test_the_other_way_is_tried_now_and_then(
    monkeypatch: pytest.MonkeyPatch, descriptors: list[int]
) -> None:
    """What was dearer once may be cheaper now: it is asked again."""
    meter = Meter(monkeypatch, one=1.0, whole=60.0)
    flusher = Flusher(meter)
    for _ in range(64):
        flusher.flush(descriptors)
    assert meter.calls.count("syncfs") == 2


def test_each_size_of_batch_learns_for_itself(
    monkeypatch: pytest.MonkeyPatch, descriptors: list[int]
) -> None:
    """What is quicker for eight files may not be so for four."""
    meter = Meter(monkeypatch, one=1.0, whole=6.0)
    flusher = Flusher(meter)
    for count in (8, 4) * 5:
        meter.calls.clear()
        flusher.flush(descriptors[:count])
        if count == 8:
            of_eight = list(meter.calls)
    assert (of_eight, meter.calls) == (["syncfs"], ["fsync"] * 4)


def test_fsyncs_of_a_batch_wait_together(
    monkeypatch: pytest.MonkeyPatch, descriptors: list[int]
) -> None:
    """So they share one commit of the filesystem's journal."""
    together = threading.Barrier(len(descriptors), timeout=30)
    monkeypatch.setattr(flush, "_has_syncfs", lambda: False)
    monkeypatch.setattr(os, "fsync", lambda _: together.wait())
    Flusher().flush(descriptors)
    assert not together.broken


def test_no_fsync_is_under_way_when_another_has_failed(
    monkeypatch: pytest.MonkeyPatch, descriptors: list[int]
) -> None:
    """Whoever is told of the failure may close the files: their numbers mean others then."""
    has_failed = threading.Event()
    done: list[int] = []

    def fsync(descriptor: int) -> None:
        if descriptor == descriptors[0]:
            has_failed.set()
            raise OSError(5, "Input/output error")
        assert has_failed.wait(30)
        done.append(descriptor)

    monkeypatch.setattr(flush, "_has_syncfs", lambda: False)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output"):
        Flusher().flush(descriptors)
    assert sorted(done) == descriptors[1:]


def test_a_single_file_is_fsynced(monkeypatch: pytest.MonkeyPatch, descriptors: list[int]) -> None:
    """One job never waits for the rest of the disk."""
    meter = Meter(monkeypatch, one=1.0, whole=0.0)
    assert used(meter, descriptors[:1], 10) == ["fsync"]


@pytest.mark.parametrize(
    ("release", "is_used"),
    [("5.7.19-generic", False), ("4.18.0-553.el8", False), ("5.8.0", True), ("6.18.44", True)],
)
def test_a_kernel_whose_syncfs_hides_errors_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, release: str, is_used: bool
) -> None:
    """An acknowledgement needs a call that tells of failures."""
    if not hasattr(flush._libc(), "syncfs"):
        pytest.skip("this system has no syncfs")
    kernel = os.uname_result(("Linux", "here", release, "#1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: kernel)
    assert flush._has_syncfs.__wrapped__() is is_used


def test_a_filesystem_that_nobody_has_tried_is_not_trusted(tmp_path: Path) -> None:
    """Where no power was cut, each file is fsynced."""
    for path, names in ((Path("/proc/self/status"), set()), (tmp_path, {"ext4", "xfs", "btrfs"})):
        descriptor = os.open(path, os.O_RDONLY)
        trusted = flush._is_trusted(descriptor)
        os.close(descriptor)
        kind = filesystem_of(path)
        assert trusted == (kind in names or kind == "tmpfs")


def filesystem_of(path: Path) -> str:
    """The name of the filesystem on which a path is."""
    done = subprocess.run(
        ["findmnt", "-no", "FSTYPE", "-T", path], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_syncfs_reports_a_failure(tmp_path: Path) -> None:
    """What the kernel refuses is an error, not an acknowledgement."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        flush._syncfs(-1)


def test_a_batch_that_cannot_be_flushed_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an error, none of the files is there, though all were written."""

    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(flush, "_syncfs", fail)
    with pytest.raises(OSError, match="Input/output"):
        durable.create_all({f"{tmp_path}/{i}": b"x" for i in range(100)}, Flusher())
    assert list(tmp_path.iterdir()) == []


def test_a_large_batch_holds_no_descriptors_afterwards(tmp_path: Path) -> None:
    """A thousand files are written, and every descriptor is given back."""
    before = len(os.listdir("/proc/self/fd"))
    durable.create_all({f"{tmp_path}/{i}": b"%d" % i for i in range(1_000)}, Flusher())
    assert len(list(tmp_path.iterdir())) == 1_000
    assert len(os.listdir("/proc/self/fd")) == before
