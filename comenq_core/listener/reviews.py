"""The reviews that jobs ask for, as users see them: what waits for which reviewer, and until when.

It reads what the worker keeps of lanes and of triggers, and asks nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from comenq_core.errors import NoSuchJob
from comenq_core.model import Entry, Follow, Job, Lane, LaneRecord, Review, State, review_of
from comenq_core.model.review import AWAITING, NOT_ASKED
from comenq_core.policy.following import FollowPolicy, Poll, follow
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.verdicts import is_closing
from comenq_core.protocols import FollowKeeper, LaneKeeper, Store

__all__ = ["Followed", "Reviews", "awaiting", "closed_lanes", "followed"]

_WAITS = (State.WAITING, State.HELD)
# When the forge is asked next does not depend on it.
_ANY_POLICY = FollowPolicy(guess=timedelta(hours=1), max_wait=timedelta(days=1))


Followed = Mapping[str, tuple[Follow, Job | None]]
"""What is kept of triggers, by the id of the job, with the job as it is now, if it is there."""


def followed(store: Store) -> Followed:
    """What the store keeps of triggers, with their jobs."""
    return {job_id: (kept, _job(store, job_id)) for job_id, kept in _follows(store).items()}


def awaiting(triggers: Followed) -> Sequence[Job]:
    """The posted jobs whose answers are awaited, the one that was posted first is the first."""
    found = [job for _, job in triggers.values() if job and job.is_awaiting]
    return sorted(found, key=lambda job: job.settled or job.arrived)


def closed_lanes(triggers: Followed) -> Collection[Lane]:
    """The lanes in which nothing is posted before an answer is known."""
    return {kept.lane for kept, job in triggers.values() if is_closing(kept, job)}


def _follows(store: Store) -> Mapping[str, Follow]:
    return store.follows() if isinstance(store, FollowKeeper) else {}


def _job(store: Store, job_id: str) -> Job | None:
    try:
        return store.get(job_id)
    except NoSuchJob:
        return None


class Reviews:
    """Adds to entries what is known of their reviews.

    Args:
        store: where the jobs are.
        policy: what the settings make of lanes; ``None`` without reviewers.
        accounts: the posting accounts, where they are known.
    """

    def __init__(
        self, store: Store, policy: LanePolicy | None, accounts: Mapping[str, Sequence[str]]
    ) -> None:
        self._store = store
        self._policy = policy
        self._accounts = accounts

    def added(self, entries: Sequence[Entry | None]) -> Sequence[Entry | None]:
        """The entries, each with its review if it asks for one."""
        if not any(entries):
            return entries
        # Without reviewers, a job tells itself what it has asked for before.
        follows, lanes = (_follows(self._store), self._lanes()) if self._policy else ({}, {})
        return [entry and self._added(entry, follows, lanes) for entry in entries]

    def to(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The same, where there is an entry for each."""
        return [entry for entry in self.added(entries) if entry]

    def asked_by(self, job_id: str) -> str:
        """The reviewer whose answer is awaited if a job's comment is posted; ``""`` for none."""
        kept = _follows(self._store).get(job_id) if self._policy else None
        return kept.lane.reviewer if kept and not kept.adopted else ""

    def _lanes(self) -> Mapping[Lane, LaneRecord]:
        return self._store.lanes() if isinstance(self._store, LaneKeeper) else {}

    def _added(
        self, entry: Entry, follows: Mapping[str, Follow], lanes: Mapping[Lane, LaneRecord]
    ) -> Entry:
        job = entry.job
        review, kept = review_of(job), follows.get(job.id)
        if job.state in _WAITS and job.request:
            review = self._before(job, review, kept, lanes)
        elif kept and review and job.is_awaiting:
            review = _followed(review, kept)
        return entry if review == entry.review else replace(entry, review=review)

    def _before(
        self,
        job: Job,
        review: Review | None,
        kept: Follow | None,
        lanes: Mapping[Lane, LaneRecord],
    ) -> Review | None:
        """What keeps a job that waits from asking; nothing, if it asks nobody any more."""
        lane = self._policy.lane_of(job.asked) if self._policy else Lane()
        if not lane.reviewer:
            return review and _unasked(review)
        review = review or Review(reviewer=lane.reviewer, state=NOT_ASKED)
        if kept and kept.adopted:
            return _followed(replace(review, state=AWAITING, adopted=kept.adopted), kept)
        return self._held(review, self._first_open(lane, lanes))

    def _first_open(self, lane: Lane, lanes: Mapping[Lane, LaneRecord]) -> LaneRecord:
        """The record of a lane or, if each account has its own, of the one that opens first."""
        assert self._policy
        owns = {self._policy.with_account(lane, account) for account in self._accounts or ("",)}
        records = [lanes.get(own, LaneRecord(lane=own)) for own in owns]
        never = self._store.now().wall
        return min(records, key=lambda one: (one.is_blocked, one.held_until or never))

    def _held(self, review: Review, record: LaneRecord) -> Review:
        if record.is_blocked:
            return replace(review, state="blocked", reason=record.reason, until=record.held_until)
        if record.held_until and record.held_until > self._store.now().wall:
            return replace(review, state="limited", reason=record.reason, until=record.held_until)
        return _unasked(review)


def _unasked(review: Review) -> Review:
    return replace(review, state=NOT_ASKED, reason="", url="", until=None, guessed=False)


def _followed(review: Review, kept: Follow) -> Review:
    """What was read last of the answer, and when it is read next."""
    following = kept.following
    if following is None:
        return review
    said = max(following.evidence, key=lambda one: one.at, default=None)
    step = follow(following, _ANY_POLICY)
    return replace(
        review,
        said=said,
        reason=said.reason if said else "",
        url=said.url if said else "",
        asked=review.asked or following.posted,
        polled=following.polled,
        next_poll=step.at if isinstance(step, Poll) else None,
    )
