"""What the listener's queue answers an intake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest, StoreError, WrongState
from comenq_core.listener.queue import JobQueue
from comenq_core.model import (
    Account,
    Attempt,
    Candidate,
    Change,
    CommentRequest,
    Counts,
    Done,
    Entry,
    Health,
    Job,
    NewJob,
    Origin,
    Pacing,
    Pause,
    State,
    Unconfirmed,
    Verdict,
)
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from tests.socket.attempts import ATTEMPT

PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
ME = Origin(intake="test", uid=1000)


def request(body: str = "hello", **members: object) -> CommentRequest:
    """A comment on ``o/r#1``."""
    return CommentRequest(owner="o", repo="r", pr_number=1, body=body, **members)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    """An empty store."""
    return MemoryStore(clock)


@pytest.fixture
def queue(store: MemoryStore) -> Iterator[JobQueue]:
    """A queue on it with a cooldown of 900 s, and a worker that does nothing."""
    with store.lock():
        yield JobQueue(store, PACE)


def test_the_first_in_an_idle_queue_is_posted_now(queue: JobQueue) -> None:
    """Nothing waits before it, and no cooldown is running."""
    entry = queue.submit(request(), ME)
    assert (entry.position, entry.eta_seconds) == (0, 0)


def test_each_job_before_adds_a_cooldown_to_what_is_left(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """The estimate is the rest of the running cooldown, and one more for each job before."""
    store.save_pacing(Pacing(account="me", at=clock()), expect=None)
    clock.advance(600)
    entries = queue.submit_all([NewJob(request=request(), origin=ME) for _ in range(3)])
    assert [entry.eta_seconds for entry in entries] == [300, 1200, 2100]


def test_the_status_tells_when_the_next_comment_would_be_posted(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """It is the estimate for a comment behind all that waits; paused, nobody knows."""
    assert queue.status().eta_seconds == 0
    store.save_pacing(Pacing(account="me", at=clock()), expect=None)
    clock.advance(600)
    queue.submit(request(), ME)
    told = queue.status().eta_seconds
    assert (told, queue.submit(request(), ME).eta_seconds) == (1200, 1200)
    queue.pause("", ME)
    assert queue.status().eta_seconds is None


class _Counted:
    """A store that records what it is asked."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        return getattr(self._store, name)


def test_the_status_reads_the_store_once(store: MemoryStore) -> None:
    """One reading of the clock, the pacing, the pause and the health serves the whole status."""
    store.put([NewJob(request=request(), origin=ME) for _ in range(3)])
    counted = _Counted(store)
    with store.lock():
        assert JobQueue(cast("Store", counted), PACE).status().eta_seconds == 2700
    assert [counted.asked[name] for name in ("now", "pacing", "paused", "health")] == [1, 1, 1, 1]


def test_the_status_tells_the_host_of_the_forge(store: MemoryStore) -> None:
    """It is empty where nobody knows it."""
    assert JobQueue(store, PACE).status().host == ""
    assert JobQueue(store, PACE, host="git.example.org").status().host == "git.example.org"


def test_a_scheduled_job_is_estimated_at_its_time(queue: JobQueue, clock: FakeClock) -> None:
    """``not_before`` beyond the queue's own wait decides."""
    entry = queue.submit(request(not_before=clock().wall + timedelta(hours=5)), ME)
    assert entry.eta_seconds == 5 * 3600


def test_comments_for_one_time_are_a_cooldown_apart(queue: JobQueue, clock: FakeClock) -> None:
    """Of several that are due at the same time, each waits for the one before."""
    when = clock().wall + timedelta(hours=5)
    ready = queue.submit(request(), ME)
    alone = [queue.submit(request(not_before=when), ME) for _ in range(3)]
    together = queue.submit_all(
        [NewJob(request=request(not_before=when), origin=ME) for _ in range(3)]
    )
    wanted = [5 * 3600 + 900 * number for number in range(6)]
    assert [entry.eta_seconds for entry in [*alone, *together]] == wanted
    assert ready.eta_seconds == 0
    assert [entry.eta_seconds for entry in queue.pending(offset=3)] == wanted[2:]
    assert queue.show(alone[2].job.id).eta_seconds == wanted[2]


@given(dues=st.lists(st.integers(0, 10_000), min_size=1, max_size=12), wait=st.integers(0, 900))
def test_estimates_follow_the_order_of_the_queue(dues: list[int], wait: int) -> None:
    """Each is a cooldown after the one before, and none before its time; one alone says no more."""
    clock = FakeClock()
    store = MemoryStore(clock)
    queue = JobQueue(store, PACE)
    store.save_pacing(Pacing(account="me", at=clock()), expect=None)
    clock.advance(900 - wait)
    now = clock().wall
    with store.lock():
        for due in dues:
            queue.submit(request(not_before=now + timedelta(seconds=due) if due else None), ME)
        entries = queue.pending()
        times = [entry.eta_seconds or 0.0 for entry in entries]
        assert times[0] >= wait
        assert all(later - one >= 900 for one, later in pairwise(times))
        for entry, time in zip(entries, times, strict=True):
            due_in = (entry.job.due - now).total_seconds() if entry.job.due else 0
            alone = queue.show(entry.job.id).eta_seconds
            assert alone is not None
            assert max(due_in, wait) <= alone <= time


def test_an_attempt_that_goes_on_is_expected_to_end(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """The estimate of the next comment adds the cooldown to it, and not the time-out."""
    store.save_pacing(Pacing(account="me", at=clock(), max_remaining=30), expect=None)
    clock.advance(2)
    assert queue.submit(request(), ME).eta_seconds == 900


class _Quick(MemoryStore):
    """A store whose worker has taken each comment before the client has its answer.

    Args:
        end: what it has made of it.
    """

    def __init__(self, clock: FakeClock, end: Verdict | None) -> None:
        super().__init__(clock)
        self._end = end

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Store the comment, and take it at once."""
        jobs = super().put(new_jobs)
        job, now = self.claim("me"), self.now()
        assert job is not None
        record = Pacing(account="me", at=now, max_remaining=0 if self._end else 30, job=job.id)
        self.save_pacing(record, expect=self.pacing().get("me"))
        if self._end:
            attempt = Attempt(started=now.wall, ended=now.wall, account="me", outcome="posted")
            self.settle(job, self._end, attempt)
        return jobs


@pytest.mark.parametrize("end", [None, Done(url="https://x.example/1", comment_id=1)])
def test_a_comment_that_the_worker_has_taken_already_is_posted_now(
    clock: FakeClock, end: Verdict | None
) -> None:
    """A worker that was quicker than the answer does not make it say "in 16 min"."""
    store = _Quick(clock, end)
    with store.lock():
        entry = JobQueue(store, PACE).submit(request(), ME)
    assert (entry.position, entry.eta_seconds) == (0, 0)


def test_a_comment_that_is_tried_again_has_its_time(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """One that the worker had, and that waits again, is posted once the cooldown is over."""
    job = queue.submit(request(), ME).job
    store.save_pacing(Pacing(account="me", at=clock(), job=job.id), expect=None)
    assert queue.show(job.id).eta_seconds == 900


def test_without_a_worker_there_is_no_estimate(store: MemoryStore) -> None:
    """Nobody knows when a worker will run, and the answer says that none does."""
    entry = JobQueue(store, PACE).submit(request(), ME)
    assert (entry.eta_seconds, entry.trouble) == (None, "no_worker")


def test_each_account_has_its_own_line(clock: FakeClock) -> None:
    """A comment waits for those that its account posts before it, and for no others."""
    store = MemoryStore(clock)
    queue = JobQueue(store, PACE, {"a": ("o/*",), "b": ("p/*",)})
    wanted = {("o", 0): 0.0, ("o", 1): 900.0, ("p", 2): 0.0, ("o", 3): 1800.0, ("p", 4): 900.0}
    with store.lock():
        got = {
            (owner, place): queue.submit(replace(request(), owner=owner), ME).eta_seconds
            for owner, place in wanted
        }
        assert got == wanted
        bad = Pacing(account="b", at=clock(), cause="unauthorized")
        store.save_pacing(bad, expect=None)
        assert [entry.trouble for entry in queue.pending()] == ["", "", "account", "", "account"]


@pytest.mark.parametrize(
    "members", [{"cause": "unauthorized"}, {"cause": "blocked"}, {"rejected_credential": "ab12"}]
)
def test_a_queue_that_no_account_serves_has_no_estimate(
    queue: JobQueue, store: MemoryStore, clock: FakeClock, members: dict[str, str]
) -> None:
    """While no account can post until the cause is mended, nobody knows when one will."""
    store.save_pacing(Pacing(account="me", at=clock(), **members), expect=None)  # type: ignore[arg-type]
    entry = queue.submit(request(), ME)
    assert (entry.eta_seconds, entry.trouble) == (None, "account")


def test_a_paused_queue_has_no_estimate(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """While it is paused, nobody knows until when."""
    store.pause(Pause(since=clock().wall, reason="lunch"))
    entry = queue.submit(request(), ME)
    assert (entry.eta_seconds, entry.trouble) == (None, "paused")


def test_an_account_with_a_rejected_credential_does_not_count(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """Of two accounts the one that can post makes the estimate."""
    store.save_pacing(Pacing(account="bad", at=clock(), rejected_credential="ab12"), expect=None)
    store.save_pacing(Pacing(account="good", at=clock()), expect=None)
    assert queue.submit(request(), ME).eta_seconds == 900


class _Failing(MemoryStore):
    """A store that queues jobs, and then cannot read its pacing records."""

    def pacing(self) -> Mapping[str, Pacing]:
        raise StoreError("the record is damaged")


class Counting(MemoryStore):
    """A store that counts how often it is asked for a place, which may take it long."""

    asked = 0

    def position(self, job: Job) -> int:
        """Count, and answer."""
        self.asked += 1
        return super().position(job)


def test_a_page_asks_for_one_place_and_knows_all(clock: FakeClock) -> None:
    """Those that wait stand in a row, with others listed before and after them."""
    store = Counting(clock)
    queue = JobQueue(store, PACE)
    later = clock().wall + timedelta(hours=1)
    for body, due in (
        ("posting", None),
        ("a", None),
        ("later", later),
        ("b", None),
        ("held", None),
    ):
        entry = queue.submit(request(body, not_before=due), ME)
    queue.change(entry.job.id, Change.HOLD, ME)
    store.claim("me")
    store.asked = 0
    pages = [queue.pending(3), queue.pending(9, offset=3)]
    assert store.asked == 2
    listed = [(entry.job.asked.body, entry.position) for page in pages for entry in page]
    assert listed == [("posting", 0), ("a", 0), ("b", 1), ("later", 2), ("held", 0)]


def test_a_page_of_one_repository_asks_for_one_place_and_knows_all(clock: FakeClock) -> None:
    """What is left out between two that wait has its place in the queue, too."""
    store = Counting(clock)
    queue = JobQueue(store, PACE)
    for repo in ("R", "other", "r", "other", "r"):
        queue.submit(replace(request(), repo=repo), ME)
    queue.change(queue.pending()[-1].job.id, Change.HOLD, ME)
    store.asked = 0
    pages = [queue.pending_in("O/r", 9), queue.pending_in("o/R", 2, offset=1)]
    assert store.asked == 2
    places = [[entry and entry.position for entry in page] for page in pages]
    assert places == [[0, None, 2, None, 0], [None, 2]]


def test_a_batch_asks_for_two_places_and_knows_all(clock: FakeClock) -> None:
    """Jobs that are queued together usually stand in a row."""
    store = Counting(clock)
    entries = JobQueue(store, PACE).submit_all(
        [NewJob(request=request(str(number)), origin=ME) for number in range(50)]
    )
    assert [entry.position for entry in entries] == list(range(50))
    assert store.asked == 2


@pytest.mark.parametrize("exception", [{"ahead": True}, {"if_absent": True}])
def test_a_batch_that_does_not_stand_in_a_row_has_its_places_too(
    queue: JobQueue, exception: dict[str, Any]
) -> None:
    """One that goes ahead, or is there already, has the place that it has."""
    queue.submit(request("known"), ME)
    queue.submit(request("other"), ME)
    bodies = ["a", "known", "b"]
    batch = [NewJob(request=request(body), origin=ME) for body in bodies]
    batch[1] = replace(batch[1], **exception)
    for entry in queue.submit_all(batch):
        assert entry == queue.show(entry.job.id)


def test_what_is_queued_is_acknowledged_even_without_an_estimate(clock: FakeClock) -> None:
    """A failure after the job is durable must not make a client queue it again."""
    entry = JobQueue(_Failing(clock), PACE).submit(request(), ME)
    assert entry.job.request == request()
    assert entry.eta_seconds is None


def test_status_says_what_each_account_waits_for(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """Seconds, cause, reason and login; no reason without a wait."""
    limited = Pacing(account="calm", at=clock(), backoff=3600, reason="slow down", login="ada",
                     cause="rate_limited")  # fmt: skip
    store.save_pacing(limited, expect=None)
    clock.advance(3599)
    (account,) = queue.status().accounts
    assert account == Account(
        name="calm", post_in=1, cause="rate_limited", reason="slow down", login="ada"
    )
    clock.advance(1)
    (account,) = queue.status().accounts
    assert account == Account(name="calm", post_in=0, login="ada")


@pytest.mark.parametrize(
    ("cause", "is_shown"),
    [
        ("rate_limited", False),
        ("unreachable", False),
        ("outage", True),
        ("unauthorized", True),
        ("blocked", True),
        ("refusals", True),
    ],
)
def test_a_question_to_the_forge_is_shown_until_it_is_answered(
    queue: JobQueue, store: MemoryStore, clock: FakeClock, cause: str, is_shown: bool
) -> None:
    """Once its wait is over, an account posts; but after some causes it asks a question first."""
    store.save_pacing(
        Pacing(account="me", at=clock(), backoff=60, reason="so", cause=cause), expect=None
    )
    clock.advance(3600)
    (account,) = queue.status().accounts
    assert account == Account(name="me", post_in=0, cause=cause if is_shown else "")


def test_accounts_of_one_login_wait_together(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """Two credentials of one login are one account to the forge: they share the cooldown."""
    store.save_pacing(Pacing(account="first", at=clock(), login="Ada"), expect=None)
    clock.advance(600)
    store.save_pacing(Pacing(account="second", at=clock(), login="ada"), expect=None)
    clock.advance(100)
    assert [account.post_in for account in queue.status().accounts] == [800, 800]
    assert queue.submit(request(), ME).eta_seconds == 800


def test_a_rejected_credential_of_an_earlier_version_has_a_cause(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """A record without a cause, but with a rejected credential, is one that is unauthorized."""
    store.save_pacing(Pacing(account="me", at=clock(), rejected_credential="ab12"), expect=None)
    (account,) = queue.status().accounts
    assert (account.cause, account.post_in) == ("unauthorized", 900)


def test_status_says_which_job_is_next(
    queue: JobQueue, store: MemoryStore, clock: FakeClock
) -> None:
    """The first that waits, not one that is held, and in how many seconds it is posted."""
    assert queue.status().next is None
    later, held, first = (
        queue.submit(request(not_before=when), ME).job
        for when in (clock().wall + timedelta(hours=5), None, None)
    )
    store.change(held.id, Change.HOLD)
    assert queue.status().next == Entry(job=first, position=0, eta_seconds=0)
    store.change(first.id, Change.CANCEL)
    assert queue.status().next == Entry(job=later, position=0, eta_seconds=5 * 3600)


def test_status_says_whether_a_worker_runs(store: MemoryStore) -> None:
    """It says what the store says."""
    queue = JobQueue(store, PACE)
    with store.lock():
        assert queue.status().health == Health(working=True)
    assert queue.status().health == Health(working=False)


def test_what_no_account_serves_is_refused(store: MemoryStore) -> None:
    """Nothing is queued, and the client learns which accounts there are."""
    queue = JobQueue(store, PACE, {"work": ("my-org/*",)})
    for account in (None, "work", "nobody"):
        with pytest.raises(InvalidRequest, match=r"the accounts are work \(for my-org/\*\)"):
            queue.submit(request(account=account), ME)
    assert not store.pending()


def test_what_is_for_another_forge_is_refused(store: MemoryStore) -> None:
    """Nothing is queued that an address sends to another forge than the daemon's."""
    queue = JobQueue(store, PACE, host="github.com")
    with pytest.raises(InvalidRequest, match=r"is for git\.example\.org, .* posts to github\.com"):
        queue.submit(request(host="git.example.org"), ME)
    assert not store.pending()
    assert queue.submit(request(host="github.com"), ME).job.asked.host == "github.com"


def test_a_refused_comment_stops_no_others(
    store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A comment that no account serves concerns its client: nothing is logged."""
    queue = JobQueue(store, PACE, {"work": ("o/*",)})
    with pytest.raises(InvalidRequest):
        queue.submit(request(account="nobody"), ME)
    assert not caplog.records
    assert queue.submit(request(account="work"), ME).job.asked.account == "work"


# What only a person can tell -------------------------------------------------------------------


def unconfirmed(queue: JobQueue, store: MemoryStore, *candidates: Candidate) -> Job:
    """A job whose comment may be posted, for all that comenq knows."""
    queue.submit(request("perhaps"), ME)
    job = store.claim("me")
    assert job is not None
    now = store.now().wall
    attempt = Attempt(started=now, ended=now, account="me", outcome="similar")
    store.settle(job, Unconfirmed(reason="it is like it", candidates=candidates), attempt)
    return store.get(job.id)


def test_a_person_says_that_it_is_posted(queue: JobQueue, store: MemoryStore) -> None:
    """The job is posted, with the address, the comment's id and who said so."""
    job = unconfirmed(queue, store)
    url = "https://github.com/o/r/pull/1#issuecomment-5"
    entry = queue.resolve(job.id[:6], url, ME)
    found = store.get(job.id)
    assert entry == Entry(job=found)
    assert (found.state, found.url, found.comment_id) == (State.POSTED, url, 5)
    assert found.attempts[-1].message == "uid 1000 says that it is posted"


def test_a_person_says_that_it_is_not_posted(queue: JobQueue, store: MemoryStore) -> None:
    """The job has its place in the queue again."""
    job = unconfirmed(queue, store)
    later = queue.submit(request("later"), ME).job
    entry = queue.resolve(job.id, None, ME)
    assert (entry.job.state, entry.position) == (State.WAITING, 0)
    assert entry.job.attempts[-1].outcome == "not_posted"
    assert [waiting.job.id for waiting in queue.pending()] == [job.id, later.id]


def test_another_jobs_comment_is_not_taken(queue: JobQueue, store: MemoryStore) -> None:
    """A person may take one of two comments that read the same for the other."""
    url = "https://github.com/o/r/pull/1#issuecomment-5"
    first = unconfirmed(queue, store)
    queue.resolve(first.id, url, ME)
    second = unconfirmed(queue, store, Candidate(url=url, comment_id=5))
    with pytest.raises(InvalidRequest, match="posted: is the comment of another job"):
        queue.resolve(second.id, url, ME)
    assert store.get(second.id) == second


def test_a_job_that_is_certain_needs_nobody(queue: JobQueue) -> None:
    """What waits is not posted: nobody has to say so."""
    job = queue.submit(request(), ME).job
    with pytest.raises(WrongState, match="only a job that is unconfirmed or"):
        queue.resolve(job.id, None, ME)


def test_status_counts_unconfirmed_jobs(queue: JobQueue, store: MemoryStore) -> None:
    """They are counted apart from those that comenq still checks."""
    unconfirmed(queue, store)
    assert queue.status().counts == Counts(unconfirmed=1)


def test_new_comments_are_held_by_the_intake_that_took_them_in(store: MemoryStore) -> None:
    """Where the settings say so; a comment from another intake waits."""
    queue = JobQueue(store, PACE, holds=lambda intake: intake == "email")
    jobs = [NewJob(request=request(name), origin=Origin(intake=name)) for name in ("email", "unix")]
    entries = queue.submit_all(jobs)
    assert [entry.job.state for entry in entries] == [State.HELD, State.WAITING]


def keyed(body: str, **options: bool) -> NewJob:
    """A comment with the key ``k``."""
    return NewJob(request=request(body, key="k"), origin=ME, **options)


def test_a_comment_takes_the_place_of_the_one_with_its_key(
    queue: JobQueue, store: MemoryStore
) -> None:
    """It has the same id, and the same place in the queue."""
    first = queue.submit(request("one", key="k"), ME)
    queue.submit(request("behind"), ME)
    fresh, replaced = queue.submit_all([NewJob(request=request("new"), origin=ME),
                                        keyed("two", replace=True)])  # fmt: skip
    assert (replaced.job.id, replaced.position, fresh.position) == (first.job.id, 0, 2)
    assert (replaced.replaced, fresh.replaced, first.replaced) == (True, False, False)
    assert [job.asked.body for job in store.pending()] == ["two", "behind", "new"]


def test_a_comment_whose_key_is_new_is_queued(queue: JobQueue, store: MemoryStore) -> None:
    """There is nothing to replace; nor is there where the key's job was deleted."""
    (entry,) = queue.submit_all([keyed("one", replace=True)])
    store.change(entry.job.id, Change.CANCEL)
    (entry,) = queue.submit_all([keyed("two", replace=True)])
    assert (entry.job.state, entry.job.asked.body) == (State.WAITING, "two")


def test_what_is_posted_is_not_replaced(queue: JobQueue, store: MemoryStore) -> None:
    """The error says what has happened; the same comment again is no error."""
    (entry,) = queue.submit_all([keyed("one", replace=True)])
    job = store.claim("bot")
    assert job is not None
    with pytest.raises(WrongState, match=f"job {job.id}, which is posting"):
        queue.submit_all([keyed("two", replace=True)])
    store.settle(job, Done(url="https://forge.example/1", comment_id=1), ATTEMPT)
    with pytest.raises(WrongState, match=r"which is posted: https://forge\.example/1"):
        queue.submit_all([keyed("two", replace=True)])
    (again,) = queue.submit_all([keyed("one", replace=True)])
    assert (again.job.id, again.job.state) == (entry.job.id, State.POSTED)


def test_a_replaced_comment_is_held_where_new_ones_are(store: MemoryStore) -> None:
    """Nobody has seen its text yet, even where somebody has released the one before."""
    queue = JobQueue(store, PACE, holds=lambda _: True)
    (entry,) = queue.submit_all([keyed("one")])
    store.change(entry.job.id, Change.RELEASE)
    (entry,) = queue.submit_all([keyed("two", replace=True)])
    assert (entry.job.state, entry.job.asked.body) == (State.HELD, "two")


def test_a_refused_replacement_queues_nothing(queue: JobQueue, store: MemoryStore) -> None:
    """A batch with it is refused as a whole."""
    queue.submit(request("one", key="k"), ME)
    store.claim("bot")
    with pytest.raises(WrongState):
        queue.submit_all([NewJob(request=request("new"), origin=ME), keyed("two", replace=True)])
    assert store.pending(states=[State.WAITING]) == []


def test_only_a_comment_with_a_key_replaces_another() -> None:
    """Without one, it is not known which."""
    with pytest.raises(InvalidRequest, match="replace: needs a key"):
        NewJob(request=request("text"), origin=ME, replace=True)
