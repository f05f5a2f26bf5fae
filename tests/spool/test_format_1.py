"""A spool of format 1 is taken over: ``format_1/`` has one of comenq 0.1.0, and its listings."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from comenq_core.model import (
    Change,
    Checking,
    Done,
    Failed,
    Instant,
    Job,
    Pause,
    Posts,
    Requeued,
    State,
    Verdict,
)
from comenq_core.settings import Settings
from comenq_core.wire.codec import to_json
from comenq_core.wire.rfc3339 import parse_time
from comenq_core.wire.strict_json import encode
from comenq_plugins.spool import SpoolFactory, SpoolStore
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.format.job_file import Event, Retried, decode, events_in
from comenq_plugins.spool.format.layout import FORMAT
from tests.spool.rig import attempt, claim, everything_in, open_at

FIXTURES = Path(__file__).parent / "format_1"
"""A spool with jobs in all states, one of them bumped, paused, and listed with ``--json``."""
CHECKING = "ytk8jx3ycppp"
POSTED = "g66jhyj2zq2z"
FAILED = "kex4kq698qjt"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """The spool as comenq 0.1.0 left it."""
    with tarfile.open(FIXTURES / "spool.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "spool"


@pytest.fixture
def store(spool: Path) -> Iterator[SpoolStore]:
    """The same, opened."""
    with closing(open_at(spool)) as store:
        yield store


def listed(name: str) -> list[dict[str, object]]:
    """What comenq 0.1.0 listed, with today's word for a state."""
    entries = [json.loads(line) for line in (FIXTURES / name).read_text().splitlines()]
    words = {"doubtful": "checking"}
    return [{**entry, "state": words.get(entry["state"], entry["state"])} for entry in entries]


def as_then(value: object, entry: object) -> object:
    """A value without the members that comenq 0.1.0 did not list."""
    match value, entry:
        case dict(), dict():
            return {key: as_then(value[key], entry[key]) for key in value.keys() & entry.keys()}
        case list(), list():
            return [as_then(*pair) for pair in zip(value, entry, strict=True)]
    return value


def assert_same(jobs: Iterable[Job], entries: list[dict[str, object]]) -> None:
    """Assert that the jobs are as they were listed, and in the same order."""
    for job, entry in zip(jobs, entries, strict=True):
        shown = to_json(job)
        shown |= shown.pop("request")
        # The listing shows another URL of GitHub than the one that the stand-in had.
        shown["url"] = entry["url"] if shown["url"] else ""
        assert as_then(shown, entry) == {key: entry[key] for key in entry.keys() & shown.keys()}


def test_all_jobs_are_taken_over(store: SpoolStore) -> None:
    """All jobs are there, in their states and their order, with their attempts and reasons."""
    assert_same(store.pending(), listed("list.json"))
    assert_same(store.history(limit=9), listed("hist.json"))


def test_pause_and_pacing_are_taken_over(store: SpoolStore) -> None:
    """The queue stays paused, and the last attempt still counts for the cooldown."""
    since = parse_time("2026-11-29T17:36:07.923032Z")
    assert store.paused() == Pause(since=since, reason="paused by root", by=0)
    (record,) = store.pacing().values()
    assert record.at == Instant(
        wall=parse_time("2026-11-29T17:36:05.813489Z"),
        boot="54682fb3-44d0-4c8e-bd45-fd9c2b893c92",
        ticks=5419.216676797,
    )
    assert (record.account, record.job) == ("default", CHECKING)
    assert record.posts == Posts(success=1, api_error=1, timeout=1)


def test_the_version_is_replaced(spool: Path, store: SpoolStore) -> None:
    """An older comenq, which would not know today's words, refuses the spool from then on."""
    assert (spool / "version").read_text() == f"{FORMAT}\n"
    assert store.counts().waiting == 5


def test_jobs_go_on_from_where_they_were(spool: Path, store: SpoolStore) -> None:
    """A worker checks, posts and retries what an older one has begun."""
    done = Done(url="https://forge.example/1", comment_id=1)
    with store.lock():
        (checking,) = store.checking()
        store.settle(store.reclaim(checking), done, attempt(store))
        store.change(FAILED, Change.RETRY)
        first = claim(store)
        assert first.asked.body == "with a key"
        store.settle(first, done, attempt(store))
    with closing(open_at(spool)) as again:
        assert [again.get(job_id).state for job_id in (CHECKING, first.id)] == [State.POSTED] * 2
        retried = again.get(FAILED)
        assert (retried.state, retried.attempt_count) == (State.WAITING, 0)
        assert_same([again.get(POSTED)], listed("hist.json")[-1:])


def test_inspecting_changes_nothing(spool: Path) -> None:
    """`comenqd check` reads a spool of format 1, and leaves it as it is."""
    before = everything_in(spool)

    store = SpoolFactory().inspect(Settings(queue_path=spool))

    assert store is not None
    assert_same(store.pending(), listed("list.json"))
    assert store.paused()
    assert store.pacing()
    store.close()
    assert everything_in(spool) == before
    assert (spool / "version").read_text() == "1\n"


WHEN = "2026-11-29T17:36:05.000000Z"
EARLIER: dict[str, Verdict] = {
    '{"verdict": "kept", "reason": "throttled"}': Requeued(reason="throttled"),
    f'{{"verdict": "in_doubt", "look_at": "{WHEN}", "reason": "lost"}}': Checking(
        check_at=parse_time(WHEN), reason="lost"
    ),
    '{"verdict": "buried", "reason": "locked"}': Failed(reason="locked"),
}


def line_of(verdict: str) -> bytes:
    """A line of a job's file, as comenq 0.1.0 wrote it."""
    tried = f'{{"started": "{WHEN}", "ended": "{WHEN}", "account": "bot", "outcome": "x"}}'
    return f'{{"attempt": {tried}, "verdict": {verdict}}}\n'.encode()


@pytest.mark.parametrize("verdict", EARLIER)
def test_earlier_verdicts_are_read(verdict: str) -> None:
    """Each verdict that had another word in format 1 is today's."""
    (event,) = events_in(b"{}\n" + line_of(verdict))
    assert isinstance(event, Event)
    assert event.verdict == EARLIER[verdict]


def test_an_earlier_retry_is_read() -> None:
    """A job that an operator had queued again has no attempts that count."""
    assert events_in(b'{}\n{"forgiven": true}\n') == [Retried()]


def test_an_earlier_state_is_read(store: SpoolStore) -> None:
    """A job that was moved here while it was to be checked has that state in its first line."""
    job = store.get(CHECKING)
    first = {**to_json(job), "state": "doubtful"}
    name = Name(0, 1, job.id, "tcna85fm")
    assert decode(encode(first) + b"\n", name, State.CHECKING).state is State.CHECKING


def test_earlier_members_of_a_pacing_record_are_read(spool: Path, store: SpoolStore) -> None:
    """A back-off, a rejected credential and an announced attempt keep their effect."""
    (record,) = json.loads((spool / "pacing.jsonl").read_text().splitlines()[-1])
    earlier = {"margin": 30.0, "flutter": 2.5, "quiet": 60.0, "streak": 3, "refused": "abc"}
    assert earlier.keys() <= record.keys()
    (spool / "pacing.jsonl").write_bytes(encode([{**record, **earlier}]) + b"\n")
    (found,) = store.pacing().values()
    assert (found.max_remaining, found.jitter, found.backoff) == (30.0, 2.5, 60.0)
    assert (found.failures, found.rejected_credential) == (3, "abc")
