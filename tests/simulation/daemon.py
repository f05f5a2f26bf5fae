"""comenq as it is: its worker, its policy and the shipped profile, on the simulated clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from comenq_core.model import (
    LOOKBACK,
    SETTLED,
    Channel,
    CommentRequest,
    Conversation,
    Job,
    NewJob,
    Origin,
    Posted,
    Snapshot,
)
from comenq_core.plugins import registry
from comenq_core.plugins.lanes import division
from comenq_core.policy.from_settings import account_policy, retry_policy
from comenq_core.settings import Settings
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.worker import Worker
from tests.simulation.forge import Forge, PullRequest

__all__ = ["Comenq"]

ACCOUNT = "octocat"
_STEP_SECONDS = 0.01
"""How long a step of the worker takes at least."""
SETTINGS = Settings(queue_path=Path("queue"), reviewers=("coderabbit",), cooldown_jitter_seconds=0)


class MemoryPoster:
    """Posts to the simulated pull requests, and reads what is said there.

    Args:
        forge: where they are.
    """

    account = ACCOUNT

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self.pulls: dict[int, PullRequest] = {}

    def credential(self) -> str:
        """There is one, and it stays the same."""
        return "simulated"

    def post(self, job: Job) -> Posted:
        """Post a comment."""
        return self.comment(self.pulls[job.asked.pr_number])

    def comment(self, pull: PullRequest) -> Posted:
        """Post a trigger."""
        remark = self._forge.ask(pull, ACCOUNT)
        assert remark.comment_id
        return Posted(
            comment_id=remark.comment_id, url=remark.url, login=ACCOUNT, created=remark.changed
        )

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> None:
        """No answer is ever lost, so nothing is looked for."""
        raise NotImplementedError

    def read_conversation(
        self,
        request: CommentRequest,
        snapshot: Snapshot | None,
        triggers: Collection[int | str],
    ) -> Conversation:
        """What a forge would show."""
        return self.conversation(self.pulls[request.pr_number], snapshot)

    def conversation(self, pull: PullRequest, snapshot: Snapshot | None) -> Conversation:
        """The same, of a pull request."""
        now = self._forge.clock().wall
        since = snapshot.since if snapshot else now - LOOKBACK
        shown = [
            one
            for one in pull.remarks.values()
            if one.channel is Channel.REVIEW or one.changed >= since
        ]
        return Conversation(
            since=since, now=now, head=pull.head, is_open=True, remarks=tuple(shown)
        )


class Comenq:
    """Every request is queued with ``comenq put --if-absent``."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._poster = MemoryPoster(forge)
        self.store = MemoryStore(forge.clock)
        lanes = registry.load().lane_policy(SETTINGS)
        assert lanes
        self.store.divide(division(SETTINGS, lanes))
        self._worker = Worker(
            self.store,
            [self._poster],
            account_policy(SETTINGS),
            retry_policy(SETTINGS),
            lane_policy=lanes,
        )
        self._jobs: dict[tuple[int, str], str] = {}
        self._planned = 0
        self._wake()

    def ask(self, pull: PullRequest, agent: str) -> None:
        """Queue it."""
        self._poster.pulls[pull.number] = pull
        request = CommentRequest(
            owner="octo-org", repo="site", pr_number=pull.number, body="@coderabbitai review"
        )
        new = NewJob(request=request, origin=Origin(intake=agent), if_absent=True)
        (job,) = self.store.put([new])
        self._jobs[pull.number, agent] = job.id
        self._wake()

    def is_pending(self, pull: PullRequest, agent: str) -> bool:
        """Whether it waits, or its answer is awaited."""
        job_id = self._jobs.get((pull.number, agent))
        job = self.store.get(job_id) if job_id else None
        return job is not None and (job.state not in SETTLED or job.is_awaiting)

    def _wake(self, seconds: float = 0.0) -> None:
        """Have the worker step then, and not when it was to do so before."""
        self._planned += 1
        turn = self._planned
        self._forge.later(seconds, lambda: self._step(turn))

    def _step(self, turn: int) -> None:
        if turn == self._planned:
            self._wake(max(_STEP_SECONDS, self._worker.step()))
