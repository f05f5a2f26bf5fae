"""Power cuts: the device is copied at an instant, and the copy mounted and recovered.

A spool on a real file system is changed by each operation in turn. The device is copied after
every single change that an operation makes to the file system, and at the instant at which it
returns. What the kernel has not written to the device by then is not in the copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from comenq_core.model import (
    Answered,
    Change,
    Checking,
    Conclusion,
    Done,
    Ending,
    Failed,
    Follow,
    Lane,
    Pacing,
    Pause,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Verdict,
)
from comenq_core.model import Snapshot as Seen
from comenq_core.testing.clock import FakeClock
from comenq_plugins.spool import SpoolStore
from tests.spool.children import needs_root
from tests.spool.crash_injection import CHANGES
from tests.spool.rig import FROZEN, attempt, claim, new_job, open_at, put
from tests.spool.snapshots import Snapshot, assert_one_of, recovered

pytestmark = [needs_root, pytest.mark.full]


URL = "https://forge.example/1"


class Disk(NamedTuple):
    """How a filesystem is made, and repaired after a crash if mounting does not do it."""

    make: tuple[str, ...]
    megabytes: int
    mend: tuple[str, ...] = ()


DISKS = {
    "ext4": Disk(("mkfs.ext4", "-q"), 32),
    "ext4 without a journal": Disk(("mkfs.ext4", "-q", "-O", "^has_journal"), 32, ("e2fsck", "-y")),
    # mkfs.xfs refuses less than 300 MB, mkfs.btrfs less than 109 MB.
    "xfs": Disk(("mkfs.xfs", "-q"), 320),
    "btrfs": Disk(("mkfs.btrfs", "-q", "-m", "single"), 128),
}


# Operations, each on what the one before has left ------------------------------------------------


def settle(verdict: Verdict) -> Callable[[SpoolStore], object]:
    """Record what became of the job that was claimed last."""

    def work(store: SpoolStore) -> None:
        job = next(job for job in store.pending() if job.state == "posting")
        store.settle(job, verdict, attempt(store))

    return work


def oldest(store: SpoolStore) -> str:
    """The id of the next job in the queue."""
    return next(job.id for job in store.pending() if job.state == "waiting")


def dead(store: SpoolStore) -> str:
    """The id of a failed job."""
    return next(job.id for job in store.history(limit=9) if job.state == "failed")


def unconfirmed(store: SpoolStore) -> str:
    """The id of a job that a person has to tell about."""
    return store.pending(states=[State.UNCONFIRMED])[0].id


def checked(store: SpoolStore) -> str:
    """The id of a job that is to be checked."""
    return store.pending(states=[State.CHECKING])[0].id


def resolve(
    find: Callable[[SpoolStore], str], verdict: Done | RetryAt
) -> Callable[[SpoolStore], object]:
    """Record what a person has said."""
    return lambda store: store.resolve(find(store), verdict, attempt(store))


def housekeep_later(days: float) -> Callable[[SpoolStore], object]:
    """Find what is old, at a later time."""

    def work(store: SpoolStore) -> None:
        clock = FakeClock()
        clock.advance(timedelta(days=days).total_seconds())
        with closing(open_at(Path(store._layout.root), clock)) as another:
            while another.housekeep():
                continue

    return work


def held(store: SpoolStore) -> str:
    """The id of a held job."""
    return next(job.id for job in store.pending() if job.state == "held")


def follow(store: SpoolStore) -> None:
    """Keep what was seen before a trigger is posted."""
    seen = Seen(since=FROZEN().wall, head="cafe", is_open=True)
    kept = Follow(lane=Lane(reviewer="bot"), account="bot", snapshot=seen)
    store.save_follow(store.pending()[0].id, kept, expect=None)


def conclude(store: SpoolStore) -> None:
    """Record that the reviewer was limited."""
    limited = Conclusion(ending=Ending.LIMITED, reason="limited")
    ((job_id, _),) = store.follows().items()
    triggers = store.get(job_id).trigger_count
    verdict = Answered(conclusion=limited, triggers=triggers, again=True)
    store.conclude(job_id, verdict, attempt(store))


def follow_no_longer(store: SpoolStore) -> None:
    """Delete what was kept."""
    ((job_id, kept),) = store.follows().items()
    store.save_follow(job_id, None, expect=kept)


OPERATIONS: tuple[tuple[str, Callable[[SpoolStore], object]], ...] = (
    ("put", lambda store: put(store, "posted")),
    ("claim", claim),
    ("follow", follow),
    ("settle as done", settle(Done(url=URL, comment_id=1, reviewer="bot"))),
    ("put a batch", lambda store: store.put([new_job(f"one of {n}") for n in range(4)])),
    ("put with a key", lambda store: store.put([new_job("keyed", key="k")])),
    ("claim another", claim),
    ("settle as failed", settle(Failed(reason="locked"))),
    ("claim a third", claim),
    ("settle as retried", settle(RetryAt(due=FROZEN().wall, reason="502"))),
    ("claim it again", claim),
    ("settle as checking", settle(Checking(check_at=FROZEN().wall, reason="timeout"))),
    ("reclaim", lambda store: store.reclaim(store.checking()[0])),
    ("settle as requeued", settle(Requeued(reason="throttled"))),
    ("retry", lambda store: store.change(dead(store), Change.RETRY)),
    ("hold", lambda store: store.change(oldest(store), Change.HOLD)),
    ("bump", lambda store: store.change(oldest(store), Change.BUMP)),
    ("bust", lambda store: store.change(oldest(store), Change.BUST)),
    ("release", lambda store: store.change(held(store), Change.RELEASE)),
    ("cancel", lambda store: store.change(oldest(store), Change.CANCEL)),
    ("pace", lambda store: store.save_pacing(Pacing(account="bot", at=FROZEN()), expect=None)),
    ("pause", lambda store: store.pause(Pause(since=FROZEN().wall, reason="rest"))),
    ("resume", lambda store: store.resume()),
    ("put another ahead", lambda store: store.put([new_job("doubted", ahead=True)])),
    ("claim for doubt", claim),
    ("settle as unconfirmed", settle(Unconfirmed(reason="alike"))),
    ("retry an unconfirmed job", lambda store: store.change(unconfirmed(store), Change.RETRY)),
    ("resolve as not posted", resolve(checked, RetryAt(due=FROZEN().wall, reason="so"))),
    ("claim it for doubt again", claim),
    ("settle as unconfirmed again", settle(Unconfirmed(reason="alike"))),
    ("resolve as posted", resolve(unconfirmed, Done(url="https://forge.example/2", comment_id=2))),
    ("conclude to ask again", conclude),
    ("follow no longer", follow_no_longer),
    ("find what is old", housekeep_later(31)),
    ("delete what is old", housekeep_later(32)),
)


# Devices -----------------------------------------------------------------------------------------


def run(*words: str | Path, allowed: int = 0) -> None:
    """Run a command, or skip the test with its output."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} here")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode > allowed:
        pytest.skip(f"{words[0]} fails here: {done.stderr.strip()}")


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """Mount an image for a block; the loop device goes with the mount."""
    with tempfile.TemporaryDirectory(prefix="cq") as point:
        run("mount", "-o", "loop", image, point)
        try:
            yield Path(point)
        finally:
            subprocess.run(["umount", point], check=True)


def copy_device(source: Path, target: Path) -> str:
    """Copy what is written of a sparse image; a digest of it.

    It is read from beneath, not through the file system that is on it.
    """
    digest = hashlib.blake2b()
    with source.open("rb") as read, target.open("wb") as write:
        end, size = 0, os.fstat(read.fileno()).st_size
        write.truncate(size)
        while end < size:
            try:
                start = os.lseek(read.fileno(), end, os.SEEK_DATA)
            except OSError:  # there is only a hole left
                break
            end = os.lseek(read.fileno(), start, os.SEEK_HOLE)
            data = os.pread(read.fileno(), end - start, start)
            digest.update(b"%d:%d" % (start, end))
            digest.update(data)
            write.seek(start)
            write.write(data)
    return digest.hexdigest()


class DeviceCopier:
    """Copies a device, and keeps equal copies once.

    Args:
        image: the device.
        copies: where the copies are kept.
    """

    def __init__(self, image: Path, copies: Path) -> None:
        self._image = image
        self._album = copies
        self._is_copying = False

    def copy(self) -> Path:
        """Copy the device."""
        self._is_copying = True
        copy = self._album / "fresh"
        kept = copy.with_name(copy_device(self._image, copy))
        copy.rename(kept)
        self._is_copying = False
        return kept

    @contextmanager
    def copying_each_change(self) -> Iterator[list[Path]]:
        """Copy the device after each change to a file that is made in the block."""
        taken: list[Path] = []
        real = {name: getattr(os, name) for name in CHANGES}

        def watched(name: str) -> Callable[..., object]:
            def call(*args: object, **kwargs: object) -> object:
                result = real[name](*args, **kwargs)
                if not self._is_copying:
                    taken.append(self.copy())
                return result

            return call

        for name in CHANGES:
            setattr(os, name, watched(name))
        try:
            yield taken
        finally:
            for name, function in real.items():
                setattr(os, name, function)


@pytest.fixture
def workdir() -> Iterator[Path]:
    """A directory for images, in memory if possible."""
    shm = "/dev/shm"
    path = Path(tempfile.mkdtemp(prefix="cq", dir=shm if os.access(shm, os.W_OK) else None))
    yield path
    shutil.rmtree(path)


def snapshot(spool: Path, workdir: Path) -> Snapshot:
    """What recovery makes of a copy of a spool."""
    copy = workdir / "copy"
    shutil.copytree(spool, copy)
    found = recovered(copy)
    shutil.rmtree(copy)
    return found


class CrashState(NamedTuple):
    """A device at an instant: during or after which operation, and what may be found on it."""

    label: str
    device: Path
    allowed: tuple[Snapshot, ...]


def crash_states(disk: Disk, workdir: Path) -> Iterator[CrashState]:
    """Do all operations on a fresh disk."""
    image, copies = workdir / "image", workdir / "copies"
    copies.mkdir()
    with image.open("wb") as file:
        file.truncate(disk.megabytes << 20)
    run(*disk.make, image)
    run("fallocate", "--dig-holes", image)
    copier = DeviceCopier(image, copies)
    with mounted(image) as root, closing(open_at(root / "queue", FROZEN)) as store:
        before = snapshot(root / "queue", workdir)
        for name, operation in OPERATIONS:
            with copier.copying_each_change() as takes:
                operation(store)
            last = copier.copy()
            after = snapshot(root / "queue", workdir)
            for take in dict.fromkeys(takes):
                yield CrashState(f"amid {name}", take, (before, after))
            yield CrashState(f"after {name}", last, (after,))
            before = after


@pytest.mark.parametrize("name", DISKS)
def test_a_power_cut_loses_nothing_that_was_acknowledged(name: str, workdir: Path) -> None:
    """At every instant, each job on the device is as before the operation or as after it.

    At the instant of the acknowledgement it is as after it.
    """
    states = list(crash_states(DISKS[name], workdir))
    checked: set[tuple[Path, tuple[int, ...]]] = set()
    for state in states:
        key = (state.device, tuple(map(id, state.allowed)))
        if key in checked:
            continue
        checked.add(key)
        device = workdir / "crashed"
        copy_device(state.device, device)
        if mend := DISKS[name].mend:
            run(*mend, device, allowed=1)
        with mounted(device) as root:
            assert_one_of(state.allowed, recovered(root / "queue"), f"{name}, {state.label}")
    assert len(checked) > len(OPERATIONS)
