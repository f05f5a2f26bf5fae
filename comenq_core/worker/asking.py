"""Before a trigger is posted: what is said on its pull request, and what follows from that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from comenq_core.errors import PacingConflict
from comenq_core.model import (
    OUTCOME_WORDS,
    Answered,
    Attempt,
    Conclusion,
    Conversation,
    Done,
    Ending,
    Follow,
    Following,
    Instant,
    Job,
    Pacing,
    Refused,
    Requeued,
    Skipped,
    Snapshot,
    Unavailable,
)
from comenq_core.policy.asking import Adopt, AlreadyReviewed, Ask, Hold, NotOpen, before_asking
from comenq_core.policy.lanes import Quota
from comenq_core.policy.recording import must_persist_backoff
from comenq_core.policy.verdicts import ADOPTED, answer_attempt
from comenq_core.process.log import Log
from comenq_core.protocols import ConversationReader, Poster
from comenq_core.worker.follows import Follows
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.readings import Readings
from comenq_core.worker.results import AnswerUpdate, Results, Settlement

__all__ = ["Asking"]

log = Log("worker")


class Asking:
    """Decides whether a trigger is posted.

    Args:
        follows: what is kept of triggers.
        lanes: the records of the lanes.
        readings: ask the forge.
    """

    def __init__(self, follows: Follows, lanes: Lanes, readings: Readings) -> None:
        self._follows = follows
        self._lanes = lanes
        self._readings = readings
        self._told: set[str] = set()

    def before(self, job: Job, poster: Poster, record: Pacing | None) -> Results:
        """What is to be saved in place of posting a claimed job; nothing if it is posted.

        Then what is to be followed is durable.
        """
        quota = self._follows.quota_for(job)
        if quota is None or quota.reader is None:
            return []
        if not isinstance(poster, ConversationReader):
            self._tell_unread(poster.account, "the poster cannot read what is said")
            return []
        reading = self._readings.first(job, poster, poster)
        found = reading.found
        unposted = _Unposted(job, poster.account, reading.started, reading.ended)
        if isinstance(found, Refused):
            # The post tells what is wrong, if something is.
            self._tell_unread(poster.account, found.message)
            return []
        if not isinstance(found, Conversation):
            unsent = found if must_persist_backoff(found) else Unavailable(message=found.message)
            booked = self._readings.booked(reading, unsent, record)
            return [booked, unposted.requeued(unsent.message, OUTCOME_WORDS[type(unsent)])]
        try:
            return self._instead(job, poster.account, found, quota, unposted)
        except PacingConflict as error:
            return [unposted.requeued(str(error), OUTCOME_WORDS[Unavailable])]

    def _instead(
        self, job: Job, account: str, found: Conversation, quota: Quota, unposted: _Unposted
    ) -> Results:
        assert quota.reader
        lane = self._follows.lane_of(job, account)
        decision = before_asking(
            found,
            quota.reader,
            queued=job.arrived,
            own=job.comment_ids,
            guess=timedelta(seconds=quota.guess),
            now=unposted.ended.wall,
            released=self._lanes.record(lane).released,
        )
        match decision:
            case Ask():
                snapshot = Snapshot.of(found.lately)
                begun = Following(posted=unposted.ended.wall, snapshot=snapshot)
                kept = Follow(lane=lane, account=account, snapshot=snapshot, following=begun)
                self._follows.begin(job, kept)
                return []
            case NotOpen():
                return [unposted.skipped("the pull request is not open: nobody reviews it")]
            case AlreadyReviewed(review=review):
                reason = f"{quota.reviewer} has reviewed this head since: not posted"
                line = f"{reason}; {review.url}" if review.url else reason
                conclusion = Conclusion(
                    ending=Ending.REVIEWED, reason=review.reason, url=review.url
                )
                answer = Answered(
                    conclusion=conclusion, triggers=job.trigger_count, reason=line,
                    reviewer=quota.reviewer,
                )  # fmt: skip
                attempt = answer_attempt(answer, account, unposted.ended.wall)
                over = AnswerUpdate(job=job, answer=answer, attempt=attempt)
                return [unposted.requeued(reason, "reviewed"), over]
            case Hold(until=until, notice=notice):
                self._lanes.hold(lane, until, notice.reason)
                return [unposted.requeued(notice.reason, "limited")]
            case Adopt(trigger=trigger, following=following):
                kept = Follow(
                    lane=lane, account=account, snapshot=following.snapshot, following=following,
                    adopted=trigger.url or trigger.id, adopted_id=trigger.comment_id,
                )  # fmt: skip
                self._follows.begin(job, kept)
                reason = f"{trigger.login} has asked just now: {kept.adopted}"
                return [unposted.requeued(reason, ADOPTED, trigger.comment_id)]

    def _tell_unread(self, account: str, reason: str) -> None:
        """Log once for each account that a trigger is posted and not followed."""
        if account not in self._told:
            self._told.add(account)
            log.warning("not_followed", "A trigger is posted, and its answer is not awaited.",
                        account=account, reason=reason)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Unposted:
    """Settles a claimed job that is not posted now."""

    job: Job
    account: str
    started: Instant
    ended: Instant

    def requeued(
        self, reason: str, outcome: str, comment_id: int | str | None = None
    ) -> Settlement:
        """It has its place in the queue again."""
        attempt = replace(self._attempt(reason, outcome), comment_id=comment_id)
        return Settlement(job=self.job, verdict=Requeued(reason=reason), attempt=attempt)

    def skipped(self, reason: str) -> Settlement:
        """It is over."""
        attempt = self._attempt(reason, OUTCOME_WORDS[Skipped])
        return Settlement(job=self.job, verdict=Done(reason=reason), attempt=attempt)

    def _attempt(self, message: str, outcome: str) -> Attempt:
        return Attempt(
            started=self.started.wall,
            ended=self.ended.wall,
            account=self.account,
            outcome=outcome,
            message=message,
        )
