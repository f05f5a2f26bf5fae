"""What is remembered of jobs that are no longer in the history."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given

from comenq_core.errors import InvalidRequest, StoreError
from comenq_core.model import Change, Done, Failed, Job, NewJob, Origin, State
from comenq_core.model.identity import comment_ids_of, digest_of
from comenq_core.model.past_job import PastJob
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.strategies import jobs
from comenq_plugins.spool import SpoolStore
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.format.past_job import decode_line, encode_line, id_in, may_be_for
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.safe_read import Unreadable
from comenq_plugins.spool.past import Past
from tests.spool.rig import FROZEN, Opener, attempt, claim, names_in, new_job, put

DAY = 86_400.0


def remembered(job_id: str = "7f3kq2m8x1ab", **members: object) -> PastJob:
    """What is remembered of a job."""
    now = FROZEN().wall
    known = {"digest": "5tq0w9zr", "state": State.POSTED, "arrived": now, "settled": now}
    return PastJob(id=job_id, **{**known, **members})  # type: ignore[arg-type]


def let_pass(store: SpoolStore, clock: FakeClock, days: float) -> None:
    """Let so many days pass, and then two readings of the clock agree."""
    clock.advance(days * DAY)
    for _ in range(2):
        store.housekeep()
        clock.advance(DAY)
    while store.housekeep():
        continue


def posted(store: SpoolStore, body: str, comment_id: int, key: str | None = None) -> Job:
    """A job that was posted as this comment."""
    store.put([new_job(body, key=key, ahead=True)])
    with store.lock():
        done = Done(url=f"https://forge.example/{comment_id}", comment_id=comment_id)
        job = claim(store)
        store.settle(job, done, attempt(store))
    return job


# One line ----------------------------------------------------------------------------------------


@given(job=jobs())
def test_what_is_needed_later_is_remembered(job: Job) -> None:
    """A line has all that a key or a look-up asks for, byte for byte, and no body."""
    past = PastJob.of(job, job.arrived)
    if past is None:
        is_deleted = job.request is None or job.state is State.DELETED
        assert is_deleted or (job.asked.key is None and not comment_ids_of(job))
        return
    line = encode_line(past)
    again = decode_line(line)
    assert (again.id, again.state, again.url, again.reason) == (
        job.id,
        job.state,
        job.url,
        job.reason,
    )
    assert (again.comment_id, again.comments) == (job.comment_id, comment_ids_of(job))
    assert (id_in(line).decode(), line.count(b"\n")) == (job.id, 1)
    assert may_be_for(job.asked.target.lower()) in line


@given(job=jobs(), other=jobs())
def test_a_key_gives_the_job_to_the_same_comment_alone(job: Job, other: Job) -> None:
    """A request with another comment gets a job without a request."""
    past = PastJob.of(job, job.arrived)
    if past is None or other.request is None:
        return
    for request in (job.asked, other.request):
        made = past.job_for(NewJob(request=request, origin=Origin(intake="test")))
        is_same = digest_of(request) == digest_of(job.asked)
        assert (made.id, made.request) == (job.id, request if is_same else None)


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"id":1}', b"\0" * 40])
def test_a_damaged_line_is_an_error(line: bytes) -> None:
    """It is not taken for a job."""
    with pytest.raises(InvalidRequest):
        decode_line(line)


# The files ---------------------------------------------------------------------------------------


@pytest.fixture
def past(store: SpoolStore, spool: Path) -> Past:
    """What the test's spool remembers."""
    return Past(Layout(str(spool)))


def test_a_line_that_was_cut_short_is_replaced(past: Past, spool: Path) -> None:
    """Wherever a crash has cut it, the lines before it and those after it count."""
    file = spool / "past" / "2026-12.jsonl"
    first, second, third = (remembered(f"{n}f3kq2m8x1ab") for n in range(3))
    past.remember([first], FROZEN().wall)
    start = file.stat().st_size
    past.remember([second], FROZEN().wall)
    whole = file.read_bytes()
    ids = [job.id for job in (first, second, third)]
    for end in range(start, len(whole)):
        file.write_bytes(whole[:end])
        assert past.with_ids(ids) == {first.id: first}
        past.remember([third], FROZEN().wall)
        assert past.with_ids(ids) == {first.id: first, third.id: third}


def test_lines_are_added_to_a_long_file(tmp_path: Path) -> None:
    """Only the end of a file is read, and nothing before it is changed."""
    file = tmp_path / "long"
    lines = b"x" * 99 + b"\n"
    file.write_bytes(lines * 30_000 + b"cut short")
    durable.extend(str(file), b"last\n")
    assert file.read_bytes() == lines * 30_000 + b"last\n"


def test_a_damaged_line_hides_no_other(past: Past, spool: Path) -> None:
    """What can be read counts."""
    file = spool / "past" / "2026-12.jsonl"
    first, second = remembered("1f3kq2m8x1ab"), remembered("2f3kq2m8x1ab")
    file.write_bytes(encode_line(first) + encode_line(first)[:40] + b"\0\n" + encode_line(second))
    file.chmod(0o600)
    assert past.with_ids([first.id, second.id]) == {first.id: first, second.id: second}


def test_what_is_no_file_of_the_daemons_is_no_month(past: Past, spool: Path) -> None:
    """Nobody else says which keys are used; what has a month's name makes way for the month."""
    foreign, job = spool / "month", remembered()
    foreign.write_bytes(encode_line(job))
    (spool / "past" / "2026-12.jsonl").symlink_to(foreign)
    (spool / "past" / "2026-11.jsonl").mkdir()
    assert past.with_ids([job.id]) == {}
    past.remember([job], FROZEN().wall)
    assert past.with_ids([job.id]) == {job.id: job}
    assert [path.readlink() for path in (spool / "past").glob(".squatted-*")] == [foreign]


def test_a_month_is_forgotten_when_all_of_it_is_old(past: Past, spool: Path) -> None:
    """A file is deleted whole, once the month is over."""
    now = FROZEN().wall
    past.remember([remembered()], now)
    past.forget(now + timedelta(days=30))
    assert past.with_ids(["7f3kq2m8x1ab"])
    past.forget(now + timedelta(days=31))
    assert list((spool / "past").iterdir()) == []


def test_comments_are_those_on_that_pull_request(past: Past) -> None:
    """Neither a longer number nor the job's own comments count."""
    jobs = [
        remembered("1f3kq2m8x1ab", target="o/r#1", comments=frozenset({1, "2"})),
        remembered("2f3kq2m8x1ab", target="o/r#1", comments=frozenset({3})),
        remembered("3f3kq2m8x1ab", target="o/r#11", comments=frozenset({4})),
        remembered("4f3kq2m8x1ab", target="", reason='"target":"o/r#1"', comments=frozenset({5})),
    ]
    past.remember(jobs, FROZEN().wall)
    assert past.comment_ids("o/r#1", "2f3kq2m8x1ab") == {1, "2"}


def test_a_month_that_is_forgotten_meanwhile_is_no_error(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener that asks for comments finds those that are still remembered."""
    now = FROZEN().wall
    past.remember([remembered("1f3kq2m8x1ab", target="o/r#1", comments=frozenset({1}))], now)
    later = now + timedelta(days=40)
    past.remember([remembered("2f3kq2m8x1ab", target="o/r#1", comments=frozenset({2}))], later)
    paths = past._paths()
    past.forget(later)
    monkeypatch.setattr(past, "_paths", lambda: paths)
    assert past.comment_ids("o/r#1", "") == {2}


# In the spool ------------------------------------------------------------------------------------


def test_a_long_history_is_deleted_in_batches(
    store: SpoolStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call of `housekeep` deletes a bounded number, and says that there is more."""
    monkeypatch.setattr("comenq_plugins.spool.pruner._BATCH", 2)
    for number in range(5):
        posted(store, f"c {number}", number)
    clock.advance(31 * DAY)
    store.housekeep()
    clock.advance(DAY)
    left = []
    while store.housekeep():
        left.append(len(store.history(limit=9)))
    assert (left, len(store.history(limit=9))) == ([3, 1], 0)
    assert store.comment_ids(put(store, "Hi")[0]) == set(range(5))


def test_keys_are_kept_at_least_as_long_as_the_history(opener: Opener, clock: FakeClock) -> None:
    """With a smaller `key_days`, a key is known for as long as its receipt is there."""
    store = opener(history_days=30, key_days=1)
    job = posted(store, "Hi", 1, key="k")
    clock.advance(29 * DAY)
    assert [found.id for found in store.put([new_job("Hi", key="k")])] == [job.id]


def test_a_damaged_receipt_keeps_its_key(store: SpoolStore, clock: FakeClock, spool: Path) -> None:
    """Its name says that the key is used, and by which comment."""
    job = posted(store, "Hi", 1, key="k")
    (name,) = names_in(spool / "done")
    (spool / "done" / str(name)).write_bytes(b"\0")
    let_pass(store, clock, 31)
    assert list((spool / "done").iterdir()) == []
    (found,) = store.put([new_job("Hi", key="k")])
    assert (found.id, found.state) == (job.id, State.POSTED)
    with pytest.raises(StoreError, match="another comment"):
        store.put([new_job("other", key="k")])


def test_a_receipt_that_the_disk_does_not_give_stays(
    store: SpoolStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deleted once it can be read."""
    posted(store, "Hi", 1)
    pread = "comenq_plugins.spool.catalog.read_own"

    def fail(path: str, _limit: int) -> bytes:
        raise Unreadable(5, "Input/output error", path)

    with monkeypatch.context() as broken:
        broken.setattr(pread, fail)
        let_pass(store, clock, 31)
    assert len(store.history(limit=9)) == 1
    let_pass(store, clock, 1)
    assert list(store.history(limit=9)) == []


def test_a_job_that_was_retried_meanwhile_is_not_remembered(
    store: SpoolStore, opener: Opener, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found old and is gone since is passed over."""
    monkeypatch.setattr("comenq_plugins.spool.pruner._BATCH", 1)
    jobs = store.put([new_job(key="k"), new_job(key="l")])
    with store.lock():
        for _ in jobs:
            store.settle(claim(store), Failed(reason="locked"), attempt(store))
    store.mark_seen([job.id for job in jobs])
    clock.advance(31 * DAY)
    store.housekeep()
    clock.advance(DAY)
    assert store.housekeep()
    (left,) = store.history(limit=9)
    opener().change(left.id, Change.RETRY)
    assert not store.housekeep()
    assert [job.id for job in store.pending()] == [left.id]
    assert [job.state for job in store.put([new_job(key="k"), new_job(key="l")])].count(
        State.WAITING
    ) == 1


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b'[{"wall":1}]', b"{}"])
def test_damaged_readings_do_not_count(
    store: SpoolStore, clock: FakeClock, spool: Path, text: bytes
) -> None:
    """Nothing is deleted by them, and the next reading is the first."""
    posted(store, "Hi", 1)
    clock.advance(31 * DAY)
    store.housekeep()
    (spool / "readings.json").write_bytes(text)
    clock.advance(DAY)
    store.housekeep()
    assert len(store.history(limit=9)) == 1
    clock.advance(DAY)
    store.housekeep()
    assert list(store.history(limit=9)) == []
