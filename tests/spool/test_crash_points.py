"""Every crash point: a process that is killed before, amid or after any one of its changes.

For each operation, a child is killed at each of its changes to the file system in turn, all of
them; then its spool is recovered, and that recovery is killed at each of its changes as well.
Each job must afterwards be what it was before the operation, or what it is after it; if the
operation had returned, what it is after it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import (
    Answered,
    Candidate,
    Change,
    Checking,
    Conclusion,
    Division,
    Done,
    Ending,
    Failed,
    Follow,
    Job,
    Lane,
    LaneRecord,
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
from tests.spool.attacks import make_old
from tests.spool.children import fork
from tests.spool.crash_injection import CrashInjector, Moment, deterministic
from tests.spool.rig import (
    FROZEN,
    attempt,
    claim,
    drop,
    names_in,
    new_job,
    open_at,
    put,
    request_text,
)
from tests.spool.snapshots import Snapshot, assert_one_of, recovered

NOW = FROZEN().wall
SOON = NOW + timedelta(seconds=60)
PACE = Pacing(account="bot", at=FROZEN(), backoff=1.0)
LANE = LaneRecord(lane=Lane(reviewer="bot", scope="o"), at=FROZEN())
SEEN = Seen(since=NOW, head="cafe", is_open=True)
FOLLOW = Follow(lane=LANE.lane, account="bot", snapshot=SEEN)
REVIEW = Conclusion(ending=Ending.REVIEWED, reason="2 findings", url="https://forge.example/9")
VERDICTS: dict[str, Verdict] = {
    "done": Done(url="https://forge.example/1", comment_id=1, reviewer="bot"),
    "skipped": Done(reason="the pull request is closed"),
    "failed": Failed(reason="locked"),
    "retry_at": RetryAt(due=SOON, reason="502"),
    "requeued": Requeued(reason="throttled"),
    "unconfirmed": Unconfirmed(
        reason="alike", candidates=(Candidate(url="https://forge.example/2", comment_id=2),)
    ),
    "checking": Checking(check_at=SOON, reason="timeout"),
}
Action = Callable[[SpoolStore], object]


def later(days: float) -> FakeClock:
    """A clock that shows a later time of the same boot."""
    clock = FakeClock()
    clock.advance(timedelta(days=days).total_seconds())
    return clock


def prepared(path: Path) -> None:
    """A spool with a job in every directory, and one that is remembered alone."""
    with closing(open_at(path, FROZEN)) as store:
        store.put([new_job("ancient", key="ancient")])
        with store.lock():
            store.settle(claim(store), VERDICTS["skipped"], attempt(store))
    for days in (31, 32):
        with closing(open_at(path, later(days))) as store:
            store.housekeep()
    with closing(open_at(path, FROZEN)) as store:
        store.put([new_job("skipped", key="used")])
        for body in ("posted", "failed", "lost", "unconfirmed", "doubted", "checked", "claimed"):
            put(store, body)
        words = ("skipped", "done", "failed", "failed", *["unconfirmed"] * 2, "checking")
        with store.lock():
            for word, outcome in zip(
                words, ("x", "x", "x", "unknown", "x", "unknown", "x"), strict=True
            ):
                tried = replace(attempt(store), outcome=outcome)
                store.settle(claim(store), VERDICTS[word], tried)
            claim(store)
        put(store, "first", "second", "third")
        store.change(put(store, "held")[0].id, Change.HOLD)
        (deleted,) = store.put([new_job("deleted", key="free")])
        for job in (deleted, job_of(store, "doubted")):
            store.change(job.id, Change.CANCEL)
        store.save_pacing(PACE, expect=None)
        store.save_lane(LANE, expect=None)
        store.save_follow(job_of(store, "posted").id, FOLLOW, expect=None)
        store.mark_seen([job_of(store, "failed").id])


def job_of(store: SpoolStore, body: str) -> Job:
    """The job with that body, in whatever state."""
    jobs = [*store.pending(), *store.history(limit=99)]
    return next(job for job in jobs if job.request and job.request.body == body)


def settle(body: str, verdict: Verdict) -> Action:
    """Record what became of the job that the worker has."""
    return lambda store: store.settle(job_of(store, body), verdict, attempt(store))


def resolve(body: str, verdict: Done | RetryAt) -> Action:
    """Record what a person has said about a job."""
    return lambda store: store.resolve(job_of(store, body).id, verdict, attempt(store))


def prune(store: SpoolStore) -> None:
    """Search for what is old, a day after the first time, and again for what was left over."""
    for days in (33, 34):
        with closing(open_at(Path(store._layout.root), later(days))) as another:
            while another.housekeep():
                continue


def retry_several(store: SpoolStore) -> None:
    """Queue jobs again that go from two directories into two others."""
    ids = [job_of(store, body).id for body in ("failed", "unconfirmed", "lost")]
    for result in store.change_all(ids, Change.RETRY):
        if isinstance(result, StoreError):
            raise result


def erase(body: str) -> Action:
    """Erase a job's text."""
    return lambda store: store.forget(job_of(store, body).id, "so")


def edit(body: str) -> Action:
    """Give a job another text."""

    def act(store: SpoolStore) -> None:
        job = job_of(store, body)
        store.edit(job, replace(job.asked, body="edited"))

    return act


def conclude(body: str, *, again: bool = False) -> Action:
    """Record the answer to a trigger."""

    def act(store: SpoolStore) -> None:
        job = job_of(store, body)
        verdict = Answered(
            conclusion=REVIEW, triggers=job.trigger_count, again=again, reason=REVIEW.reason
        )
        store.conclude(job.id, verdict, attempt(store))

    return act


def save(body: str, follow: Follow | None, expect: Follow | None) -> Action:
    """Replace what is kept of a trigger."""
    return lambda store: store.save_follow(job_of(store, body).id, follow, expect=expect)


def pace(store: SpoolStore) -> None:
    """Replace a pacing record."""
    store.save_pacing(replace(PACE, backoff=9.0), expect=PACE)


def claim_in_a_lane(store: SpoolStore) -> None:
    """Claim a job whose file gets the key of its lane."""
    store.divide(Division(edition="1"))
    store.claim_outside([LANE.lane], "bot")


def recover(store: SpoolStore) -> None:
    """Become the worker."""
    with store.lock():
        pass


OPERATIONS: dict[str, Action] = {
    "put": lambda store: put(store, "new"),
    "put a batch": lambda store: store.put([new_job(f"new {n}") for n in range(3)]),
    "put with a key": lambda store: store.put([new_job("new", key="k")]),
    "put if absent": lambda store: store.put([new_job("first", if_absent=True)]),
    "claim": lambda store: store.claim("bot"),
    "reclaim": lambda store: store.reclaim(job_of(store, "checked")),
    **{f"settle as {word}": settle("claimed", verdict) for word, verdict in VERDICTS.items()},
    "fail after a check": settle("checked", VERDICTS["failed"]),
    "retry": lambda store: store.change(job_of(store, "failed").id, Change.RETRY),
    "retry what may be posted": lambda store: store.change(job_of(store, "lost").id, Change.RETRY),
    "retry an unconfirmed job": (
        lambda store: store.change(job_of(store, "unconfirmed").id, Change.RETRY)
    ),
    "retry several": retry_several,
    **{
        f"resolve as {word}: {body}": resolve(body, verdict)
        for word, verdict in (
            ("posted", Done(url="https://forge.example/2", comment_id=2)),
            ("not posted", RetryAt(due=NOW, reason="so")),
        )
        for body in ("unconfirmed", "checked", "lost")
    },
    "flush": lambda store: store.change(job_of(store, "first").id, Change.FLUSH),
    "cancel an unconfirmed job": (
        lambda store: store.change(job_of(store, "unconfirmed").id, Change.CANCEL)
    ),
    "cancel a job that is checked": (
        lambda store: store.change(job_of(store, "checked").id, Change.CANCEL)
    ),
    "edit": edit("first"),
    "edit a held job": edit("held"),
    "put to be held": lambda store: store.put([new_job("new", hold=True)]),
    "prune": prune,
    "bump": lambda store: store.change(job_of(store, "third").id, Change.BUMP),
    "bust": lambda store: store.change(job_of(store, "first").id, Change.BUST),
    "hold": lambda store: store.change(job_of(store, "first").id, Change.HOLD),
    "release": lambda store: store.change(job_of(store, "held").id, Change.RELEASE),
    "undelete": lambda store: store.change(job_of(store, "deleted").id, Change.UNDELETE),
    "undelete what may be posted": (
        lambda store: store.change(job_of(store, "doubted").id, Change.UNDELETE)
    ),
    "put with the key of a deleted job": lambda store: store.put([new_job("new", key="free")]),
    "erase: deleted": erase("deleted"),
    "cancel": lambda store: store.change(job_of(store, "first").id, Change.CANCEL),
    "cancel a dead letter": lambda store: store.change(job_of(store, "failed").id, Change.CANCEL),
    "mark as seen": lambda store: store.mark_seen([job_of(store, "lost").id]),
    **{f"erase: {body}": erase(body) for body in ("unconfirmed", "checked", "held", "posted")},
    "pace": pace,
    "lane": lambda store: store.save_lane(replace(LANE, reason="limited"), expect=LANE),
    "claim in a lane": claim_in_a_lane,
    "conclude": conclude("posted"),
    "conclude to ask again": conclude("posted", again=True),
    "conclude what is adopted": conclude("second"),
    "conclude what is adopted, and held": conclude("held"),
    "follow": save("first", FOLLOW, None),
    "go on following": save("posted", replace(FOLLOW, adopted="so"), FOLLOW),
    "follow no longer": save("posted", None, FOLLOW),
    "pause": lambda store: store.pause(Pause(since=NOW, reason="rest")),
    "resume": lambda store: store.resume(),
    "recover": recover,
}
OF_EACH_KIND = {
    "put", "put a batch", "put with a key", "claim", "reclaim", "edit", "hold", "cancel",
    "settle as done", "settle as retry_at", "settle as unconfirmed", "retry what may be posted",
    "resolve as posted: unconfirmed", "resolve as posted: checked", "erase: posted", "undelete",
    "mark as seen", "prune", "pace", "lane", "conclude", "follow", "pause", "recover",
}  # fmt: skip
"""One or two of those that change the same files in the same order."""
any_operation = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in OF_EACH_KIND else pytest.mark.full)
        for name in OPERATIONS
    ],
)


# Dying -------------------------------------------------------------------------------------------


def run_in_child(path: Path, action: Action, moment: Moment | None) -> tuple[bool, list[str]]:
    """Open the spool, install the injector, act.

    Returns:
        Whether the action had returned, and what it did if it was not killed.
    """
    reader, writer = os.pipe()
    pid = fork()
    if not pid:
        try:
            deterministic()
            store = open_at(path, FROZEN)
            injector, tell = CrashInjector(moment), os.write
            injector.install()
            action(store)
            done = ",".join(injector.done)
            tell(writer, f"acknowledged:{done}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        word, _, done = stream.read().partition(":")
    _, status = os.waitpid(pid, 0)
    assert moment or word == "acknowledged", f"the child failed: {status}"
    return word == "acknowledged", done.split(",") if done else []


def moments(done: list[str]) -> Iterator[Moment]:
    """All there are: amid each write, and after each change, which is before the next one."""
    yield Moment(0, "before")
    for index, name in enumerate(done):
        for when in ("amid", "after") if name == "write" else ("after",):
            yield Moment(index, when)


def state_of(path: Path) -> str:
    """A digest of all that is in a directory."""
    digest = hashlib.sha256()
    for each in sorted(path.rglob("*")):
        digest.update(f"{each.relative_to(path)}\0".encode())
        digest.update(each.read_bytes() if each.is_file() else b"")
    return digest.hexdigest()


class Copies:
    """Copies of a prepared spool, where syncing costs nothing if there is such a place."""

    def __init__(self) -> None:
        shm = "/dev/shm"
        self.path = Path(
            tempfile.mkdtemp(prefix="cq", dir=shm if os.access(shm, os.W_OK) else None)
        )
        self.template = self.path / "template"
        self._copies = 0

    def copy(self, of: Path) -> Path:
        """A fresh copy of a spool."""
        self._copies += 1
        copy = self.path / f"copy-{self._copies}"
        shutil.copytree(of, copy)
        return copy

    def snapshot(self, of: Path) -> Snapshot:
        """What recovery makes of a copy of a spool."""
        copy = self.copy(of)
        snapshot = recovered(copy)
        shutil.rmtree(copy)
        return snapshot


@pytest.fixture
def copies() -> Iterator[Copies]:
    """A prepared spool, and a place for its copies."""
    copies = Copies()
    prepared(copies.template)
    yield copies
    shutil.rmtree(copies.path)


def crashes(copies: Copies, of: Path, action: Action) -> Iterator[tuple[Moment, bool, Path]]:
    """Act on copies of a spool, and be killed at every moment; yield each different result once."""
    whole = copies.copy(of)
    _, done = run_in_child(whole, action, None)
    shutil.rmtree(whole)
    assert done, "this does nothing"
    seen: set[tuple[bool, str]] = set()
    for moment in moments(done):
        copy = copies.copy(of)
        acknowledged, _ = run_in_child(copy, action, moment)
        state = (acknowledged, state_of(copy))
        if state not in seen:
            seen.add(state)
            yield moment, acknowledged, copy
        shutil.rmtree(copy)


Recoveries = Callable[[Copies, Path], Iterator[tuple[Moment | None, Path]]]


def one_crash(_copies: Copies, crashed: Path) -> Iterator[tuple[Moment | None, Path]]:
    """A crashed spool as it is."""
    yield None, crashed


def two_crashes(copies: Copies, crashed: Path) -> Iterator[tuple[Moment | None, Path]]:
    """The same, after recoveries that were killed at every moment."""
    for moment, _, copy in crashes(copies, crashed, recover):
        yield moment, copy


any_recovery = pytest.mark.parametrize(
    "recoveries", [one_crash, pytest.param(two_crashes, marks=pytest.mark.full)]
)


@any_recovery
@any_operation
def test_a_crash_leaves_each_job_before_or_after(
    copies: Copies, name: str, recoveries: Recoveries
) -> None:
    """Wherever the operation and the recovery are killed, no job is lost, doubled or torn."""
    action = OPERATIONS[name]
    before = copies.snapshot(copies.template)
    whole = copies.copy(copies.template)
    run_in_child(whole, action, None)
    after = copies.snapshot(whole)
    for moment, acknowledged, crashed in crashes(copies, copies.template, action):
        for again, spool in recoveries(copies, crashed):
            found = copies.snapshot(spool)
            where = f"{name}: killed at {moment}, recovery at {again}"
            assert_one_of([after] if acknowledged else [before, after], found, where)


def housekeep(store: SpoolStore) -> None:
    """Turn dropped files into jobs and dead dead_letters."""
    store.housekeep()


@any_recovery
def test_a_crash_during_adoption_loses_and_doubles_no_file(
    copies: Copies, recoveries: Recoveries
) -> None:
    """A dropped file becomes one job or one dead letter, however often the worker was killed."""
    before = copies.snapshot(copies.template)
    drop(copies.template, "good.json", request_text("dropped"))
    drop(copies.template, "bad.json", b"{")
    make_old(copies.template / "new")
    for moment, _, crashed in crashes(copies, copies.template, housekeep):
        for again, spool in recoveries(copies, crashed):
            found = copies.snapshot(spool)
            where = f"killed at {moment}, recovery at {again}"
            fresh = [job for job_id, job in found.jobs.items() if job_id not in before.jobs]
            bodies = [job.request.body if job.request else job.reason[:20] for job in fresh]
            assert sorted(bodies) == ["dropped", "the text is not JSON"], where
            assert found.drops == (), where
            assert {job_id: found.jobs[job_id] for job_id in before.jobs} == before.jobs, where


def claim_all(store: SpoolStore) -> None:
    """Claim all that is due."""
    while store.claim("bot"):
        continue


@any_recovery
def test_a_crash_during_quarantine_keeps_the_file_and_one_dead_letter(
    copies: Copies, recoveries: Recoveries
) -> None:
    """A damaged file has one dead letter, and all its bytes are beside it."""
    damaged = names_in(copies.template / "new")[0]
    (copies.template / "new" / str(damaged)).write_bytes(b"\0")
    for moment, _, crashed in crashes(copies, copies.template, claim_all):
        for again, spool in recoveries(copies, crashed):
            where = f"killed at {moment}, recovery at {again}"
            with closing(open_at(spool, FROZEN)) as store, store.lock():
                claim_all(store)
            dead_letters = [job for job in copies.snapshot(spool).jobs.values() if not job.request]
            (kept,) = (spool / "failed").glob("*.drop")
            assert [job.id for job in dead_letters] == [kept.stem], where
            assert damaged.id in dead_letters[0].reason, where
            assert kept.read_bytes() == b"\0", where


@any_recovery
def test_a_crash_during_pruning_forgets_nothing(copies: Copies, recoveries: Recoveries) -> None:
    """What a person has seen is deleted at last, and every key and comment is still known."""
    with closing(open_at(copies.template, FROZEN)) as store:
        posted, unseen = job_of(store, "posted"), job_of(store, "lost")
    for moment, _, crashed in crashes(copies, copies.template, prune):
        for again, spool in recoveries(copies, crashed):
            where = f"killed at {moment}, recovery at {again}"
            with closing(open_at(spool, later(days=35))) as store:
                while store.housekeep():
                    continue
                assert list(store.history(limit=9)) == [unseen], where
                keyed = [new_job("skipped", key="used"), new_job("ancient", key="ancient")]
                assert [job.state for job in store.put(keyed)] == [State.SKIPPED] * 2, where
                assert store.comment_ids(job_of(store, "first")) == {posted.comment_id}, where


@any_recovery
def test_a_crash_while_a_text_is_erased_posts_nothing(
    copies: Copies, recoveries: Recoveries
) -> None:
    """A waiting job stays, waits no longer, or is gone but for its key; then its text is gone."""
    with closing(open_at(copies.template, FROZEN)) as store:
        (job,) = store.put([new_job("s3cret", key="s")])
    held = replace(job, state=State.HELD)
    for moment, acknowledged, crashed in crashes(copies, copies.template, erase("s3cret")):
        for again, spool in recoveries(copies, crashed):
            where = f"killed at {moment}, recovery at {again}"
            with closing(open_at(spool, FROZEN)) as store:
                recover(store)
                (found,) = store.put([new_job("s3cret", key="s")])
                assert found in ([] if acknowledged else [job, held]) or found.reason == "so", where
                erased = not any(b"s3cret" in path.read_bytes() for path in files_in(spool))
                assert erased is (found.reason == "so"), where


def files_in(directory: Path) -> list[Path]:
    """All files below a directory."""
    return [path for path in directory.rglob("*") if path.is_file()]


def test_a_crash_at_the_first_start_can_be_repaired(copies: Copies) -> None:
    """The next start makes a spool of whatever a first start has left."""

    def make(store: SpoolStore) -> None:
        open_at(Path(store._layout.root).parent / "fresh" / "queue", FROZEN)

    whole = copies.path / "fresh"
    elsewhere = copies.path / "elsewhere"
    _, done = run_in_child(elsewhere, make, None)
    shutil.rmtree(whole)
    assert "mkdir" in done
    for moment in moments(done):
        run_in_child(elsewhere, make, moment)
        with closing(open_at(whole / "queue", FROZEN)) as store:
            put(store, "Hi")
        assert [job.asked.body for job in recovered(whole / "queue").jobs.values()] == ["Hi"]
        shutil.rmtree(whole)
