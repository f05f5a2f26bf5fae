"""A real worker with a real spool, posting over real HTTP, on a clock that tests advance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from comenq_core.model import CommentRequest, Job, NewJob, Origin, Pacing
from comenq_core.plugins import registry
from comenq_core.plugins.lanes import division
from comenq_core.policy.from_settings import account_policy, retry_policy
from comenq_core.policy.lanes import LanePolicy
from comenq_core.protocols import Poster
from comenq_core.settings import Settings
from comenq_core.settings.secret import Secret
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.forge import Forge
from comenq_core.worker.worker import Worker
from comenq_plugins.github import make_posters
from comenq_plugins.github.poster import GitHubPoster
from comenq_plugins.spool import SpoolStore, open_spool

COOLDOWN = 900.0


class Rig:
    """A daemon without its processes.

    Args:
        directory: where the spool is.
        forge: the stand-in that it posts to.
        clock: the time for the spool and the worker.
        changes: settings that differ from the defaults.
    """

    def __init__(self, directory: Path, forge: Forge, clock: FakeClock, **changes: Any) -> None:
        token = Secret("ghp_canary")
        settings = Settings(
            queue_path=directory / "queue",
            github_api_url=forge.url,
            github_token=token,
            github_api_timeout_secs=5.0,
        )
        self.settings = replace(settings, **changes)
        self.forge = forge
        self.clock = clock
        self._life = ExitStack()
        self.store: SpoolStore
        self.worker: Worker
        self.lanes: LanePolicy | None
        self.start()

    def start(self, posters: list[Poster] | None = None) -> None:
        """Start a worker; one that is running is gone, as after kill -9."""
        self.close()
        self.store = open_spool(self.settings, self.clock)
        self._life.callback(self.store.close)
        self._life.enter_context(self.store.lock())
        ways = posters if posters is not None else self.posters()
        self.lanes = lanes = registry.load().lane_policy(self.settings)
        if lanes:
            self.store.divide(division(self.settings, lanes))
        self.worker = Worker(
            self.store,
            ways,
            account_policy(self.settings),
            retry_policy(self.settings),
            accounts=make_posters.accounts(self.settings),
            host=make_posters.host(self.settings),
            verify_targets=self.settings.verify_targets,
            lane_policy=lanes,
        )

    def posters(self) -> list[Poster]:
        """GitHub's posters, by the machine's clock of this rig."""
        made = list(make_posters(self.settings))
        for poster in made:
            assert isinstance(poster, GitHubPoster)
            poster.client.now = self.wall
        return made

    def close(self) -> None:
        """Release the spool."""
        self._life.close()

    def put(self, body: str = "hello", number: int = 1, **members: Any) -> Job:
        """Queue a comment on ``o/r#number``."""
        request = CommentRequest(owner="o", repo="r", pr_number=number, body=body, **members)
        return self.store.put([NewJob(request=request, origin=Origin(intake="test"))])[0]

    def run(self) -> float:
        """Let the worker do all that it can do at this time; return how long it would wait."""
        for _ in range(1_000):
            if wait := self.worker.step():
                return wait
        raise AssertionError("the worker never came to rest")

    def run_for(self, seconds: float) -> None:
        """Let that much time pass; the worker wakes when it wants to.

        Without a due time, it looks each minute for what others may have done. Nobody does anything
        here, so each hour is enough.
        """
        left = seconds
        with patch("comenq_core.worker.worker._LONGEST_WAIT", 3600.0):
            while (wait := self.run()) <= left:
                self.clock.advance(wait)
                left -= wait
            self.clock.advance(left)
            self.run()

    def job(self, job: Job) -> Job:
        """The job as it is now."""
        return self.store.get(job.id)

    @property
    def pacing(self) -> Pacing:
        """The only account's pacing record, as it is on the disk."""
        (record,) = self.store.pacing().values()
        return record

    @property
    def bodies(self) -> list[str]:
        """The comments on all pull requests."""
        return [comment.body for comment in self.forge.comments]

    def wall(self) -> datetime:
        """What the clock shows."""
        return self.clock().wall


@contextmanager
def rig(directory: Path, *, prefix: str = "", **changes: Any) -> Iterator[Rig]:
    """A rig with a forge whose clock goes as fast, and is always right.

    Args:
        directory: where the spool is.
        prefix: what stands before every path of the forge's.
        changes: settings that differ from the rig's defaults.
    """
    clock = FakeClock()
    start = clock().wall
    with Forge(prefix=prefix, clock=lambda: start + timedelta(seconds=clock().ticks)) as forge:
        made = Rig(directory, forge, clock, **changes)
        try:
            yield made
        finally:
            made.close()
