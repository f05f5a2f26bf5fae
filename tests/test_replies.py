"""Replies in review threads: what decides on them, without a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.listener.queue import JobQueue
from comenq_core.listener.resolution import resolution
from comenq_core.migrate import move
from comenq_core.model import (
    REPLIES,
    CommentRequest,
    Division,
    Entry,
    Instant,
    Job,
    Lane,
    NewJob,
    Origin,
    Pacing,
)
from comenq_core.model.identity import digest_of
from comenq_core.policy import pacing
from comenq_core.policy.health import Overdue
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.wire.messages import read_drop, read_request

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ME = Origin(intake="test", uid=1000)
PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30, interval=1, reply_cooldown=30)
seconds = st.floats(0, 1e5, allow_nan=False)


def at(ticks: float, boot: str = "b") -> Instant:
    """The instant ``ticks`` seconds after noon."""
    return Instant(wall=NOON + timedelta(seconds=ticks), boot=boot, ticks=ticks)


def a_request(thread: int | None = None, body: str = "Fixed", number: int = 1) -> CommentRequest:
    """A comment on ``o/r#1``, or a reply there."""
    return CommentRequest(owner="o", repo="r", pr_number=number, body=body, in_reply_to=thread)


def attempted(record: Pacing | None, now: float, thread: int | None = None) -> Pacing:
    """The record after an attempt that lasted no time."""
    policy = PACE.of(a_request(thread))
    begun = pacing.before_attempt(record, "me", "job", at(now), policy, 0.0)
    return replace(begun, max_remaining=0.0)


def waits(record: Pacing, now: Instant) -> tuple[float, float]:
    """Seconds until the next comment and until the next reply."""
    return (
        pacing.until_post(record, now, PACE),
        pacing.until_post(record, now, PACE.of_replies),
    )


def test_each_kind_waits_for_its_own_cooldown() -> None:
    """The other kind is an interval away, whatever was posted in between."""
    record = attempted(None, 0)
    assert waits(record, at(0)) == (900, 1)
    record = attempted(record, 10, thread=7)
    assert waits(record, at(10)) == (890, 30)
    record = attempted(record, 40, thread=7)
    assert waits(record, at(40)) == (860, 30)
    record = attempted(record, 900)
    assert waits(record, at(900)) == (900, 1)
    record = attempted(record, 901, thread=7)
    assert waits(replace(record, max_remaining=30), at(901)) == (899, 60)


def test_a_back_off_is_for_both_kinds() -> None:
    """What the forge asks for concerns the account."""
    record = replace(attempted(attempted(None, 0), 10, thread=7), backoff=5_000.0)
    assert waits(record, at(10)) == (5_000, 5_000)


def test_the_first_comment_after_a_reply_owes_nothing() -> None:
    """An account that has only replied has no cooldown of comments to wait for."""
    assert waits(attempted(None, 0, thread=7), at(0)) == (1, 30)


@given(replied=seconds, passed=seconds, later=seconds)
def test_no_boot_shortens_either_wait(replied: float, passed: float, later: float) -> None:
    """After a boot, both waits end when they would have ended, to the microsecond."""
    record = attempted(attempted(None, 0), replied, thread=7)
    now = at(replied + passed)
    after_boot = replace(at(replied + passed, boot="c"), ticks=1.0)
    rebased = pacing.rebased(record, after_boot)
    for before, after in zip(waits(record, now), waits(rebased, after_boot), strict=True):
        assert abs(before - after) < 1e-3
    even_later = replace(after_boot, wall=after_boot.wall - timedelta(days=1), ticks=1.0 + later)
    expected = [max(0.0, wait - later) for wait in waits(record, now)]
    assert waits(rebased, even_later) == pytest.approx(expected, abs=1e-3)


def test_a_clock_that_went_back_starts_both_waits_again() -> None:
    """Nobody can tell how long ago either attempt was."""
    record = attempted(attempted(None, 0), 100, thread=7)
    now = replace(at(-50, boot="c"), ticks=1.0)
    assert waits(pacing.rebased(record, now), now) == (900, 30)


def test_both_paces_move_to_another_store() -> None:
    """They are as far along by the other store's clock, which shows another time."""
    clock = FakeClock()
    source = MemoryStore(clock)
    record = attempted(attempted(None, 0), 100, thread=7)
    start = clock()
    assert record.other
    record = replace(record, at=start, other=replace(record.other, at=start))
    source.save_pacing(record, expect=None)
    clock.advance(10)
    theirs = Instant(wall=clock().wall + timedelta(hours=1))
    target = MemoryStore(lambda: theirs)
    move(source, target)
    assert waits(target.pacing()["me"], theirs) == (890, 20)


def test_a_reply_has_another_digest_than_a_comment() -> None:
    """An earlier comenq, which reads the member over, does not take the job for what it is not."""
    digests = {digest_of(a_request(thread)) for thread in (None, 1, 2)}
    assert len(digests) == 3


def test_replies_have_one_key_whatever_the_settings() -> None:
    """So they are found without a look at each after the settings have changed."""
    none = Division()
    some = Division(lane_of=lambda _: Lane(), edition="1")
    assert none.key_of(REPLIES) == some.key_of(REPLIES) == none.key_for(a_request(7))
    assert (none.key_of(Lane()), none.key_for(a_request())) == (b"", b"")


@pytest.mark.parametrize("value", [0, -1, 2**63, "7", True, 7.5])
def test_a_wrong_id_is_refused(value: object) -> None:
    """In a request, and in a dropped file; the error names the member."""
    members = {"owner": "o", "repo": "r", "pr_number": 1, "body": "Fixed", "in_reply_to": value}
    for read in (read_request, read_drop, lambda value: CommentRequest(**value)):
        with pytest.raises(InvalidRequest) as caught:
            read(members)
        assert caught.value.path == "in_reply_to"


def test_a_dropped_file_can_be_a_reply() -> None:
    """``in_reply_to`` is one of its members."""
    members = {"owner": "o", "repo": "r", "pr_number": 1, "body": "Fixed", "in_reply_to": 7}
    assert read_drop(members).request == a_request(7)


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[MemoryStore]:
    """An empty store, with a worker."""
    made = MemoryStore(clock)
    with made.lock():
        yield made


def put(store: MemoryStore, *threads: int | None) -> list[Entry]:
    """Queue comments and replies, and list them."""
    for thread in threads:
        store.put([NewJob(request=a_request(thread), origin=ME)])
    return list(JobQueue(store, PACE, {"me": ()}).pending())


def test_estimates_count_by_lane(store: MemoryStore) -> None:
    """Replies are half a minute apart, and comments a cooldown, whatever stands between them."""
    entries = put(store, None, 7, None, 8, 9)
    assert [entry.eta_seconds for entry in entries] == [0, 0, 900, 30, 60]


def test_estimates_know_what_was_posted_last(store: MemoryStore, clock: FakeClock) -> None:
    """The rest of each cooldown counts for its own kind."""
    record = attempted(attempted(None, 0), 0, thread=7)
    now = clock()
    assert record.other
    record = replace(record, at=now, other=replace(record.other, at=now))
    store.save_pacing(record, expect=None)
    clock.advance(10)
    entries = put(store, None, 7)
    assert [entry.eta_seconds for entry in entries] == [890, 20]
    status = JobQueue(store, PACE, {"me": ()}).status()
    assert status.next
    assert status.next.eta_seconds == 20
    assert status.eta_seconds == 890 + 900


def test_a_reply_that_is_stuck_is_overdue(clock: FakeClock) -> None:
    """It is held to its own cooldown, while a comment waits for its own."""
    record = attempted(attempted(None, 0), 0, thread=7)
    now = clock()
    assert record.other
    record = replace(record, at=now, other=replace(record.other, at=now))
    overdue = Overdue(PACE, {"me": ()})
    job = Job(id="0123456789ab", request=a_request(), arrived=now.wall, origin=ME)
    reply = replace(job, request=a_request(7))
    found = []
    for _ in range(2):
        clock.advance(100)
        found.append(overdue.find([job, reply], {"me": record}, clock()))
    assert found == [None, reply]


def test_a_reply_is_refused_where_nobody_can_reply(store: MemoryStore) -> None:
    """The error names the member, and nothing is queued; other comments are taken."""
    queue = JobQueue(store, PACE, can_reply=False)
    with pytest.raises(InvalidRequest, match="cannot reply in a review thread") as caught:
        queue.submit_all([NewJob(request=a_request(to), origin=ME) for to in (None, 7)])
    assert caught.value.path == "in_reply_to"
    assert not store.pending()
    queue.submit(a_request(), ME)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/r/pull/1#discussion_r77",
        "https://github.com/o/r/pull/1/files#r77",
        "https://api.github.com/repos/o/r/pulls/comments/77",
    ],
)
def test_a_person_can_say_which_reply_it_is(store: MemoryStore, url: str) -> None:
    """The address of a review comment names it; that of another comment does not."""
    job = Job(id="0123456789ab", request=a_request(7), arrived=NOON, origin=ME)
    done, attempt = resolution(job, url, ME, store.now().wall)
    assert (done.url, attempt.comment_id) == (url, "discussion_r77")  # type: ignore[union-attr]
    with pytest.raises(InvalidRequest, match="#discussion_rNUMBER"):
        resolution(job, "https://github.com/o/r/pull/1#issuecomment-77", ME, store.now().wall)
