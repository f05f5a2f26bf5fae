"""Triggers in every stage of their lives, in a store in memory, for what users see of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from comenq_core.model import (
    Answered,
    Attempt,
    CommentRequest,
    Conclusion,
    Division,
    Done,
    Ending,
    Evidence,
    Follow,
    Following,
    Job,
    Lane,
    LaneRecord,
    NewJob,
    Origin,
    ReadingKind,
    Scope,
    Snapshot,
)
from comenq_core.policy.lanes import LanePolicy, Quota
from comenq_core.testing.memory_store import MemoryStore

REVIEW = "@bot go"
ORIGIN = Origin(intake="test", uid=1000)
LANE = Lane(reviewer="bot", scope="octo-org")
QUOTA = Quota(reviewer="bot", addresses=REVIEW.__eq__, scope=Scope.OWNER, cooldown=3_600)
LANES = LanePolicy(quotas=[QUOTA], cooldown=900, jitter=0, attempt_limit=30)
TRIGGER = "https://github.com/octo-org/site/pull/7#issuecomment-5"
THE_REVIEW = "https://github.com/octo-org/site/pull/7#pullrequestreview-9"
REFUSAL = "Review limit reached"


class Triggers:
    """Makes triggers what a worker makes of them.

    Args:
        store: where they are; it is divided into lanes.
    """

    def __init__(self, store: MemoryStore) -> None:
        store.divide(Division(lane_of=LANES.lane_of, edition="1"))
        self._store = store

    def put(self, body: str = REVIEW, owner: str = "octo-org", *, follow: bool = True) -> Job:
        """Queue one."""
        request = CommentRequest(owner=owner, repo="site", pr_number=7, body=body, follow=follow)
        return self._store.put([NewJob(request=request, origin=ORIGIN)])[0]

    def posted(self, job: Job | None = None, url: str = TRIGGER) -> Job:
        """One whose answer is awaited."""
        job = job or self.put()
        claimed = self._store.claim("me")
        assert claimed
        assert claimed.id == job.id
        now = self._store.now().wall
        snapshot = Snapshot(since=now, head="abc", is_open=True)
        follow = Follow(lane=LANE, account="me", snapshot=snapshot)
        self._store.save_follow(job.id, follow, expect=None)
        done = Done(url=url, comment_id=5, reviewer="bot")
        attempt = replace(self._attempt("posted"), comment_id=5)
        self._store.settle(claimed, done, attempt)
        return self._store.get(job.id)

    def plain(self) -> Job:
        """A comment that was posted, and asks nobody."""
        job = self.put("Looks good.")
        claimed = self._store.claim("me")
        assert claimed
        self._store.settle(claimed, Done(url=TRIGGER, comment_id=6), self._attempt("posted"))
        return self._store.get(job.id)

    def said(self, job: Job, kind: ReadingKind, reason: str) -> None:
        """The reviewer has said something, half a minute ago, and it is read just now."""
        now = self._store.now().wall
        before = self._store.follows()[job.id]
        evidence = Evidence(id="c 1", at=now - timedelta(seconds=30), kind=kind, reason=reason)
        assert job.settled
        following = Following(
            posted=job.settled, snapshot=before.snapshot, evidence=(evidence,), polled=now
        )
        self._store.save_follow(job.id, replace(before, following=following), expect=before)

    def concluded(self, job: Job, ending: Ending, *, again: bool = False, reason: str = "") -> Job:
        """The answer is known."""
        url = THE_REVIEW if ending is Ending.REVIEWED else ""
        until = self._store.now().wall + timedelta(hours=1) if again else None
        conclusion = Conclusion(ending=ending, reason=reason, url=url, until=until)
        verdict = Answered(
            conclusion=conclusion, triggers=job.trigger_count, again=again, reason=reason
        )
        after = self._store.conclude(job.id, verdict, self._attempt(str(ending)))
        follow = self._store.follows().get(job.id)
        self._store.save_follow(job.id, None, expect=follow)
        return after

    def concluded_unposted(self, job: Job) -> Job:
        """Somebody else has asked, and there is a review."""
        conclusion = Conclusion(ending=Ending.REVIEWED, url=THE_REVIEW)
        verdict = Answered(
            conclusion=conclusion, triggers=0, reason="not posted: reviewed meanwhile",
            reviewer="bot",
        )  # fmt: skip
        return self._store.conclude(job.id, verdict, self._attempt("reviewed"))

    def hold(self, seconds: float, *, scope: str = "octo-org") -> LaneRecord:
        """Hold the reviewer's lane for so long."""
        until = self._store.now().wall + timedelta(seconds=seconds)
        record = LaneRecord(
            lane=replace(LANE, scope=scope), held_until=until, reason=REFUSAL, triggers=3, refused=2
        )
        self._store.save_lane(record, expect=self._store.lanes().get(record.lane))
        return record

    def block(self, *, scope: str = "octo-org") -> LaneRecord:
        """Block the reviewer's lane."""
        record = LaneRecord(lane=replace(LANE, scope=scope), is_blocked=True, reason="no credits")
        self._store.save_lane(record, expect=self._store.lanes().get(record.lane))
        return record

    def _attempt(self, outcome: str) -> Attempt:
        now = self._store.now().wall
        account = "me" if outcome == "posted" else ""
        return Attempt(started=now, ended=now, account=account, outcome=outcome)
