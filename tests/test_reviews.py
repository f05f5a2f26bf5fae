"""What the listener tells of the reviews that jobs ask for, and of the lanes of reviewers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from comenq_core.errors import InvalidRequest, WrongState
from comenq_core.listener.queue import JobQueue
from comenq_core.model import (
    Attempt,
    Change,
    CommentRequest,
    Ending,
    Follow,
    Job,
    LaneStatus,
    Pacing,
    ReadingKind,
    Snapshot,
    Unconfirmed,
)
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.wire.messages import entry_to_json, history_to_json, status_to_json
from tests.seen import LANE, LANES, ORIGIN, REFUSAL, REVIEW, THE_REVIEW, TRIGGER, Triggers

PACE = PacingPolicy(cooldown=1, jitter=0, attempt_limit=30)


class Bot:
    """A reviewer that tells what it would not answer."""

    name = "bot"
    logins = ("bot",)
    ignores_bots = True

    def addresses(self, comment: str) -> bool:
        """Only the whole comment."""
        return comment == REVIEW

    def nearly_addresses(self, comment: str) -> bool:
        """With more words."""
        return comment.startswith(REVIEW)

    wrote = read = addresses


@pytest.fixture
def clock() -> FakeClock:
    """The store's clock."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[MemoryStore]:
    """A store with a worker."""
    made = MemoryStore(clock)
    with made.lock():
        yield made


@pytest.fixture
def triggers(store: MemoryStore) -> Triggers:
    """What makes triggers in it."""
    return Triggers(store)


@pytest.fixture
def queue(store: MemoryStore) -> JobQueue:
    """The listener's queue."""
    bot: Any = Bot()
    return JobQueue(store, PACE, {"me": ()}, lanes=LANES, reviewers=[bot])


def review(queue: JobQueue, job: Job) -> dict[str, Any]:
    """The review that the job's JSON shows."""
    value = entry_to_json(queue.show(job.id))["review"]
    assert isinstance(value, dict)
    return value


def test_what_asks_no_reviewer_has_no_review(queue: JobQueue, triggers: Triggers) -> None:
    """A comment has null there, and so has a trigger that nobody has to follow, once posted."""
    assert entry_to_json(queue.show(triggers.put("hello").id))["review"] is None


def test_a_trigger_that_waits_has_its_reviewer(queue: JobQueue, triggers: Triggers) -> None:
    """It has asked nobody so far."""
    told = review(queue, triggers.put())
    assert (told["reviewer"], told["state"], told["triggers"]) == ("bot", "waiting", 0)


def test_a_trigger_in_a_held_lane_says_until_when(queue: JobQueue, triggers: Triggers) -> None:
    """With the reason that the lane has."""
    record, job = triggers.hold(600), triggers.put()
    told = review(queue, job)
    assert record.held_until
    assert (told["state"], told["reason"]) == ("limited", REFUSAL)
    assert told["until"] == record.held_until.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_trigger_in_a_blocked_lane_waits_for_a_person(
    queue: JobQueue, triggers: Triggers
) -> None:
    """When it is posted, nobody knows."""
    triggers.block()
    job = triggers.put()
    entry = queue.show(job.id)
    assert review(queue, job)["state"] == "blocked"
    assert (entry.eta_seconds, entry.trouble) == (None, "reviewer")


def test_a_posted_trigger_awaits(queue: JobQueue, triggers: Triggers, clock: FakeClock) -> None:
    """It tells what was read last, and when it is read next."""
    job = triggers.posted()
    assert review(queue, job)["state"] == "awaiting"
    clock.advance(60)
    triggers.said(job, ReadingKind.ACCEPTED, "Review triggered")
    told = review(queue, job)
    assert told["said"]["kind"] == "accepted"
    assert told["said"]["reason"] == "Review triggered"
    assert told["next_poll"] > told["polled"]
    assert told["triggers"] == 1


def test_an_answer_is_in_the_history(queue: JobQueue, triggers: Triggers) -> None:
    """The ending word, and where the review is."""
    triggers.concluded(triggers.posted(), Ending.REVIEWED)
    (job,) = queue.history(1)
    told = history_to_json(job)
    assert told["review"]["state"] == "reviewed"
    assert told["review"]["url"] == THE_REVIEW
    assert told["url"] == TRIGGER


def test_a_refused_trigger_waits_to_ask_again(queue: JobQueue, triggers: Triggers) -> None:
    """It is limited, and counts what was posted for it."""
    job = triggers.concluded(triggers.posted(), Ending.LIMITED, again=True, reason=REFUSAL)
    triggers.hold(3_600)
    told = review(queue, job)
    assert (told["state"], told["triggers"], told["reason"]) == ("limited", 1, REFUSAL)


def test_once_the_lane_is_open_a_refusal_is_over(queue: JobQueue, triggers: Triggers) -> None:
    """The job waits as one that has asked nobody."""
    job = triggers.concluded(triggers.posted(), Ending.LIMITED, again=True, reason=REFUSAL)
    told = review(queue, job)
    assert (told["state"], told["until"], told["triggers"]) == ("waiting", None, 1)


def test_what_awaits_is_listed_apart(queue: JobQueue, triggers: Triggers) -> None:
    """It is in no other listing of what is pending, and counts in the status."""
    job = triggers.posted()
    assert queue.pending() == []
    assert [entry.job.id for entry in queue.awaiting()] == [job.id]
    assert queue.status().awaiting == 1
    triggers.concluded(job, Ending.UNANSWERED)
    assert queue.awaiting() == []


def test_a_review_that_somebody_else_has_asked_for_has_its_reviewer(
    queue: JobQueue, triggers: Triggers
) -> None:
    """A job that was not posted itself tells whose review it is."""
    triggers.concluded_unposted(triggers.put())
    (job,) = queue.history(1)
    told = history_to_json(job)
    assert (told["state"], told["review"]["reviewer"]) == ("skipped", "bot")
    assert told["review"]["state"] == "reviewed"


def test_what_awaits_is_told_without_reviewers_in_the_settings_as_well(
    store: MemoryStore, triggers: Triggers
) -> None:
    """Until the worker has ended it, `wait --until answered` must not take it for answered."""
    job, refused = triggers.posted(), triggers.put(owner="acme")
    queue = JobQueue(store, PACE, {"me": ()})
    assert review(queue, job)["state"] == "awaiting"
    assert [entry.job.id for entry in queue.awaiting()] == [job.id]
    assert queue.status().awaiting == 1
    triggers.concluded(job, Ending.UNANSWERED)
    assert review(queue, job)["state"] == "unanswered"
    assert queue.status().awaiting == 0
    assert entry_to_json(queue.show(refused.id))["review"] is None


@pytest.mark.parametrize("lanes", [None, replace(LANES, quotas=())])
def test_a_refused_trigger_whose_reviewer_is_not_named_any_more_waits_as_others(
    store: MemoryStore, triggers: Triggers, lanes: LanePolicy | None
) -> None:
    """What the reviewer has said keeps it from nothing."""
    job = triggers.concluded(triggers.posted(), Ending.BLOCKED, again=True, reason=REFUSAL)
    told = review(JobQueue(store, PACE, {"me": ()}, lanes=lanes), job)
    assert (told["state"], told["reason"], told["until"]) == ("waiting", None, None)


# Lanes


def test_a_status_reads_what_is_kept_of_triggers_once(
    queue: JobQueue, triggers: Triggers, store: MemoryStore
) -> None:
    """The lanes and what awaits are told from one reading, of each job as well."""
    triggers.hold(-1)
    triggers.posted()
    with (
        patch.object(store, "follows", side_effect=store.follows) as follows,
        patch.object(store, "get", side_effect=store.get) as get,
    ):
        queue.status()
    assert (follows.call_count, get.call_count) == (1, 1)


def lane(queue: JobQueue) -> LaneStatus:
    """The only lane that the status has."""
    (found,) = queue.status().lanes
    return found


def test_a_lane_is_open_held_asked_or_blocked(
    queue: JobQueue, triggers: Triggers, store: MemoryStore, clock: FakeClock
) -> None:
    """The status has one word for it, and the seconds until it opens, where they are known."""
    triggers.hold(600)
    assert (lane(queue).state, lane(queue).opens_in) == ("held", 600)
    clock.advance(600)
    assert (lane(queue).state, lane(queue).opens_in) == ("open", 0)
    job = triggers.posted()
    assert (lane(queue).state, lane(queue).opens_in) == ("asked", None)
    assert lane(queue).jobs == (job.id,)
    clock.advance(60)
    triggers.said(job, ReadingKind.ACCEPTED, "Review triggered")
    assert (lane(queue).state, lane(queue).jobs) == ("open", (job.id,))
    triggers.block()
    assert (lane(queue).state, lane(queue).opens_in) == ("blocked", None)


def test_what_is_kept_of_a_job_that_waits_again_closes_no_lane(
    queue: JobQueue, triggers: Triggers, store: MemoryStore
) -> None:
    """Its trigger was never posted."""
    triggers.hold(-1)
    job = triggers.posted()
    follow = store.follows()[job.id]
    triggers.concluded(job, Ending.LIMITED, again=True)
    store.save_follow(job.id, follow, expect=None)
    assert (lane(queue).state, lane(queue).jobs) == ("open", ())
    store.change(job.id, Change.CANCEL)
    assert lane(queue).jobs == ()


def test_an_operator_opens_the_only_closed_lane(
    queue: JobQueue, triggers: Triggers, store: MemoryStore
) -> None:
    """What is counted stays."""
    triggers.hold(3_600)
    watch = store.watch()
    opened = queue.open_lane("bot", None, ORIGIN)
    assert opened.state == "open"
    record = store.lanes()[LANE]
    assert (record.held_until, record.reason, record.triggers) == (None, "", 3)
    watch.close()


def test_an_ambiguous_lane_is_not_opened(
    queue: JobQueue, triggers: Triggers, store: MemoryStore
) -> None:
    """The error names those that are closed; with its scope, one is opened."""
    triggers.hold(3_600)
    triggers.block(scope="acme")
    with pytest.raises(InvalidRequest, match="scope: is needed: one of octo-org, acme"):
        queue.open_lane("bot", None, ORIGIN)
    assert queue.open_lane("bot", "Acme", ORIGIN).state == "open"
    assert not store.lanes()[replace(LANE, scope="acme")].is_blocked
    assert store.lanes()[LANE].held_until


def test_an_unknown_lane_is_refused_with_the_known_ones(
    queue: JobQueue, triggers: Triggers
) -> None:
    """So is an unknown reviewer, and a lane that is open."""
    triggers.hold(3_600)
    with pytest.raises(InvalidRequest, match=r"did you mean bot\?"):
        queue.open_lane("bots", None, ORIGIN)
    with pytest.raises(InvalidRequest, match="there are octo-org"):
        queue.open_lane("bot", "acme", ORIGIN)
    queue.open_lane("bot", None, ORIGIN)
    with pytest.raises(WrongState, match="neither held nor blocked"):
        queue.open_lane("bot", "octo-org", ORIGIN)
    with pytest.raises(WrongState, match="no lane of bot is held or blocked"):
        queue.open_lane("bot", None, ORIGIN)


def test_the_next_job_is_the_one_that_is_posted_first(queue: JobQueue, triggers: Triggers) -> None:
    """A trigger of a held lane may stand before it."""
    triggers.hold(3_600)
    triggers.put()
    other = triggers.put("hello")
    first = queue.status().next
    assert first
    assert first.job.id == other.id


def test_the_status_names_the_reviewers(queue: JobQueue, triggers: Triggers) -> None:
    """With their lanes, as JSON."""
    triggers.hold(600)
    told = status_to_json(queue.status())
    assert told["reviewers"] == ["bot"]
    (shown,) = told["lanes"]
    assert (shown["reviewer"], shown["scope"], shown["state"]) == ("bot", "octo-org", "held")
    assert (shown["triggers"], shown["reviewed"], shown["refused"]) == (3, 0, 2)


# Told when it is queued


def submitted(queue: JobQueue, body: str) -> tuple[str, ...]:
    """The notes on a comment."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=body)
    return queue.submit(request, ORIGIN).notes


def test_a_trigger_with_more_words_is_told(queue: JobQueue) -> None:
    """It is queued all the same."""
    (note,) = submitted(queue, f"{REVIEW}, please")
    assert note.startswith("a trigger of bot has to be the whole comment")
    assert submitted(queue, REVIEW) == submitted(queue, "hello") == ()
    assert queue.status().counts.waiting == 3


def test_a_trigger_by_a_bot_is_told(queue: JobQueue, store: MemoryStore, clock: FakeClock) -> None:
    """Where the account is known to be one, and the reviewer to ignore those."""
    record = Pacing(account="me", at=clock(), login="ada")
    store.save_pacing(record, expect=None)
    assert submitted(queue, REVIEW) == ()
    store.save_pacing(replace(record, login="comenq[bot]"), expect=record)
    (note,) = submitted(queue, REVIEW)
    assert "bot ignores what bots write, and comenq[bot] is one" in note
    assert submitted(queue, "hello") == ()


def test_a_trigger_that_a_person_says_is_posted_is_followed(
    queue: JobQueue, triggers: Triggers, store: MemoryStore
) -> None:
    """Its answer is awaited as if comenq had found it."""
    job = triggers.put()
    claimed = store.claim("me")
    assert claimed
    now = store.now().wall
    snapshot = Snapshot(since=now, head="abc", is_open=True)
    store.save_follow(job.id, Follow(lane=LANE, account="me", snapshot=snapshot), expect=None)
    attempt = Attempt(started=now, ended=now, account="me", outcome="similar")
    store.settle(claimed, Unconfirmed(reason="nobody can tell"), attempt)
    queue.resolve(job.id, TRIGGER, ORIGIN)
    assert store.get(job.id).is_awaiting


def test_what_waits_for_the_answer_to_another_is_not_overdue(
    queue: JobQueue, triggers: Triggers, store: MemoryStore, clock: FakeClock
) -> None:
    """Its lane has no record that holds it, and nothing is posted in it before that answer."""
    first = triggers.posted()
    second = triggers.put()
    store.save_pacing(Pacing(account="me", at=clock()), expect=None)
    for _ in range(3):
        clock.advance(3_600)
        assert queue.status().overdue is None
    triggers.concluded(first, Ending.REVIEWED)
    queue.status()
    clock.advance(3_600)
    assert queue.status().overdue == second
