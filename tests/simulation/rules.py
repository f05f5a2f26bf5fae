"""comenq's decisions about one lane, without its worker: what the policy alone comes to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from comenq_core.model import (
    Conclusion,
    Ending,
    Following,
    Lane,
    LaneRecord,
    Snapshot,
)
from comenq_core.plugins import registry
from comenq_core.policy.asking import Adopt, AlreadyReviewed, Ask, Hold, NotOpen, before_asking
from comenq_core.policy.following import FollowPolicy, Poll, follow, may_next_go, observe
from comenq_core.policy.lanes import until_open
from comenq_core.policy.spacing import after_refusal, after_review
from tests.simulation.daemon import SETTINGS, MemoryPoster
from tests.simulation.forge import Forge, PullRequest

__all__ = ["Rules"]

GUESS, MAX_WAIT, MAX_TRIGGERS = timedelta(minutes=15), timedelta(days=1), 3
STEP_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class Asked:
    """A trigger that is queued, or whose answer is awaited."""

    pull: PullRequest
    queued: datetime
    comment_ids: list[int | str] = field(default_factory=list)
    is_over: bool = False
    following: Following | None = None
    is_adopted: bool = False


class Rules:
    """A queue for one lane, with the policy of comenq.

    Args:
        forge: where the triggers go.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._poster = MemoryPoster(forge)
        plugins = registry.load()
        self._reviewer = plugins.reviewers(SETTINGS)["coderabbit"]
        policy = plugins.lane_policy(SETTINGS)
        assert policy
        self._policy = policy
        self.record = LaneRecord(lane=Lane(reviewer="coderabbit", scope="octo-org"))
        self.endings: list[Ending] = []
        self._queue: deque[Asked] = deque()
        self._awaited: list[Asked] = []
        self._asked: dict[tuple[int, str], Asked] = {}
        self._step()

    def ask(self, pull: PullRequest, agent: str) -> None:
        """Queue it, unless it is in the queue already: ``comenq put --if-absent``."""
        found = next((one for one in self._queue if one.pull is pull), None)
        asked = found or Asked(pull, self._forge.clock().wall)
        if not found:
            self._queue.append(asked)
        self._asked[pull.number, agent] = asked

    def is_pending(self, pull: PullRequest, agent: str) -> bool:
        """Whether it is queued, or its answer awaited."""
        asked = self._asked.get((pull.number, agent))
        return asked is not None and not asked.is_over

    def _step(self) -> None:
        now = self._forge.clock()
        for asked in list(self._awaited):
            self._poll(asked, now.wall)
        wait = until_open(self.record, now, self._policy)
        if self._queue and wait <= 0 and all(map(_lets_next_go, self._awaited)):
            self._decide(self._queue.popleft())
        self._forge.later(STEP_SECONDS, self._step)

    def _poll(self, asked: Asked, now: datetime) -> None:
        assert asked.following
        policy = FollowPolicy(guess=GUESS, refusals=self.record.in_a_row, max_wait=MAX_WAIT)
        decision = follow(asked.following, policy)
        if isinstance(decision, Poll) and decision.at <= now:
            shown = self._poster.conversation(asked.pull, asked.following.snapshot)
            asked.following = observe(asked.following, shown, self._reviewer, now)
            decision = follow(asked.following, policy)
        if isinstance(decision, Conclusion):
            self._awaited.remove(asked)
            self._conclude(asked, asked.following.posted, decision)

    def _conclude(self, asked: Asked, posted: datetime, conclusion: Conclusion) -> None:
        """Learn from the answer to a trigger; one that was refused goes again."""
        self.endings.append(conclusion.ending)
        is_refused = conclusion.ending is Ending.LIMITED
        if is_refused and conclusion.until:
            self._hold(conclusion.until)
        if is_refused and conclusion.until and not asked.is_adopted:
            record = replace(self.record, in_a_row=self.record.in_a_row + 1)
            self.record = after_refusal(record, posted, conclusion.until)
        if conclusion.ending is Ending.REVIEWED and not asked.is_adopted:
            self.record = after_review(replace(self.record, in_a_row=0), posted)
        is_asked_for = is_refused or (asked.is_adopted and conclusion.ending is not Ending.REVIEWED)
        if is_asked_for and len(asked.comment_ids) < MAX_TRIGGERS:
            self._queue.appendleft(asked)
        else:
            asked.is_over = True

    def _decide(self, asked: Asked) -> None:
        now = self._forge.clock()
        shown = self._poster.conversation(asked.pull, None)
        asked.is_adopted = False
        match before_asking(
            shown,
            self._reviewer,
            queued=asked.queued,
            own=asked.comment_ids,
            guess=GUESS,
            now=now.wall,
        ):
            case Ask():
                posted = self._poster.comment(asked.pull)
                asked.comment_ids.append(posted.comment_id)
                self.record = replace(self.record, at=now, held_until=None)
                asked.following = Following(posted=now.wall, snapshot=Snapshot.of(shown))
                self._awaited.append(asked)
            case Adopt(following=following):
                asked.following, asked.is_adopted = following, True
                self._awaited.append(asked)
            case Hold(until=until):
                self._hold(until)
                self._queue.appendleft(asked)
            case AlreadyReviewed() | NotOpen():
                asked.is_over = True

    def _hold(self, until: datetime) -> None:
        held = self.record.held_until
        self.record = replace(self.record, held_until=max(until, held) if held else until)


def _lets_next_go(asked: Asked) -> bool:
    return bool(asked.following and not asked.is_adopted and may_next_go(asked.following))
