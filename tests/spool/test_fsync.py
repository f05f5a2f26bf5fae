"""How a batch is made durable, and what a failure leaves."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool.fs import durable, fsync
from comenq_plugins.spool.fs.fsync import Flusher


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
        monkeypatch.setattr(fsync, "_syncfs", lambda _: self._spend("syncfs", whole))
        monkeypatch.setattr(fsync, "_has_syncfs", lambda: True)
        monkeypatch.setattr(fsync, "_is_trusted", lambda _: True)

    def _spend(self, call: str, seconds: float) -> None:
        self.calls.append(call)
        self.now += seconds

    def __call__(self) -> float:
        """The time."""
        return self.now


def written(directory: Path, count: int = 8) -> Iterator[int]:
    """Open files, one after the other."""
    for number in range(count):
        yield os.open(directory / str(number), os.O_WRONLY | os.O_CREAT, 0o600)


def flush_files(flusher: Flusher, directory: Path, count: int = 8) -> None:
    """Flush so many files."""
    flusher.flush(written(directory, count), count, str(directory))


def used(meter: Meter, directory: Path, batches: int, count: int = 8) -> list[str]:
    """The calls of the last batch of so many."""
    flusher = Flusher(meter)
    for _ in range(batches):
        meter.calls.clear()
        flush_files(flusher, directory, count)
    return meter.calls


def test_a_batch_settles_on_syncfs_where_that_is_cheaper(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once both were measured, eight fsyncs that cost more than a syncfs are not made."""
    meter = Meter(monkeypatch, one=1.0, whole=2.0)
    assert used(meter, tmp_path, 10) == ["syncfs"]


def test_a_batch_settles_on_fsync_where_others_write_much(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A syncfs that waits for gigabytes of other programs is no longer used."""
    meter = Meter(monkeypatch, one=1.0, whole=60.0)
    assert used(meter, tmp_path, 10) == ["fsync"] * 8


@pytest.mark.parametrize(("whole", "calls"), [(0.1, ["syncfs"]), (60.0, ["fsync"] * 1000)])
def test_fsyncs_of_a_thousand_are_not_tried_where_a_syncfs_is_quick(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: float, calls: list[str]
) -> None:
    """A large batch has fsyncs only after a syncfs that took long."""
    assert used(Meter(monkeypatch, one=0.0003, whole=whole), tmp_path, 2, count=1000) == calls


def test_the_slower_way_is_measured_now_and_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was slower once may be quicker now."""
    meter = Meter(monkeypatch, one=1.0, whole=60.0)
    flusher = Flusher(meter)
    for _ in range(64):
        flush_files(flusher, tmp_path)
    assert meter.calls.count("syncfs") == 2


def test_each_size_of_batch_learns_for_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The quicker way for eight files may not be the quicker one for four."""
    meter = Meter(monkeypatch, one=1.0, whole=6.0)
    flusher = Flusher(meter)
    for count in (8, 4) * 5:
        meter.calls.clear()
        flush_files(flusher, tmp_path, count)
        if count == 8:
            of_eight = list(meter.calls)
    assert (of_eight, meter.calls) == (["syncfs"], ["fsync"] * 4)


def test_fsyncs_of_a_batch_wait_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All fsyncs of a batch wait at the same time, to share one commit of the journal."""
    together = threading.Barrier(8, timeout=DEADLINE)
    monkeypatch.setattr(fsync, "_has_syncfs", lambda: False)
    monkeypatch.setattr(os, "fsync", lambda _: together.wait())
    flush_files(Flusher(), tmp_path)
    assert not together.broken


def test_no_fsync_is_under_way_when_another_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A failure is raised when all fsyncs have ended, since the caller closes the files then."""
    has_failed = threading.Event()
    failures = iter([OSError(5, "Input/output error")])
    done: list[bool] = []

    def fail_second(descriptor: int) -> None:
        if failure := next(failures, None):
            has_failed.set()
            raise failure
        assert has_failed.wait(DEADLINE)
        done.append(bool(os.fstat(descriptor)))

    monkeypatch.setattr(fsync, "_has_syncfs", lambda: False)
    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(OSError, match="Input/output"):
        flush_files(Flusher(), tmp_path)
    assert len(done) == 7


def test_a_single_file_is_fsynced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One job never waits for what other programs have written."""
    meter = Meter(monkeypatch, one=1.0, whole=0.0)
    assert used(meter, tmp_path, 10, count=1) == ["fsync"]


@pytest.mark.parametrize(
    ("release", "is_used"),
    [("5.7.19-generic", False), ("4.18.0-553.el8", False), ("5.8.0", True), ("6.18.44", True)],
)
def test_a_syncfs_that_hides_errors_is_not_used(
    monkeypatch: pytest.MonkeyPatch, release: str, is_used: bool
) -> None:
    """A kernel whose syncfs reports no failure gets fsyncs."""
    if not hasattr(fsync._libc(), "syncfs"):
        pytest.skip("this system has no syncfs")
    kernel = os.uname_result(("Linux", "here", release, "#1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: kernel)
    assert fsync._has_syncfs.__wrapped__() is is_used


def test_an_unknown_filesystem_gets_fsyncs(tmp_path: Path) -> None:
    """A syncfs is used only on filesystems where it was seen to survive a power cut."""
    for path, names in ((Path("/proc/self/status"), set()), (tmp_path, {"ext4", "xfs", "btrfs"})):
        descriptor = os.open(path, os.O_RDONLY)
        trusted = fsync._is_trusted(descriptor)
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
    """A syncfs that the kernel refuses is an error."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        fsync._syncfs(-1)


def test_a_batch_that_cannot_be_flushed_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an error, none of the files is there, though all were written."""

    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(fsync, "_syncfs", fail)
    with pytest.raises(OSError, match="Input/output"):
        durable.create_all({f"{tmp_path}/{i}": b"x" for i in range(100)}, Flusher())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("has_syncfs", [True, False])
def test_a_batch_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_syncfs: bool
) -> None:
    """When the disk is full after seventy files, no file and no open descriptor is left."""
    write, before, left = os.write, len(os.listdir("/proc/self/fd")), iter(range(70))

    def write_until_full(descriptor: int, data: bytes) -> int:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", write_until_full)
    monkeypatch.setattr(fsync, "_has_syncfs", lambda: has_syncfs)
    with pytest.raises(OSError, match="No space left"):
        durable.create_all({f"{tmp_path}/{i}": b"x" for i in range(100)}, Flusher())
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_large_batch_holds_no_descriptors_afterwards(tmp_path: Path) -> None:
    """A thousand files are written, and every descriptor is closed."""
    before = len(os.listdir("/proc/self/fd"))
    durable.create_all({f"{tmp_path}/{i}": b"%d" % i for i in range(1_000)}, Flusher())
    assert len(list(tmp_path.iterdir())) == 1_000
    assert len(os.listdir("/proc/self/fd")) == before
