"""What a queue holds, for the page to show: made through the store, as the daemon makes it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Self

from comenq_core.model import (
    Activity,
    Attempt,
    Candidate,
    Cause,
    Change,
    CommentRequest,
    Division,
    Done,
    Failed,
    Instant,
    Job,
    Lane,
    LaneRecord,
    NewJob,
    Origin,
    Pacing,
    Pause,
    RetryAt,
    Scope,
    Unconfirmed,
    Verdict,
)
from comenq_core.policy.lanes import LanePolicy, Quota
from comenq_core.policy.pacing import earlier
from comenq_core.process.clock import system_clock
from comenq_core.testing.memory_store import MemoryStore

__all__ = ["LANES", "REVIEW", "TEXTS", "Scene"]

REVIEW = "@coderabbitai review"
LANES = LanePolicy(
    quotas=[
        Quota(reviewer="coderabbit", addresses=REVIEW.__eq__, scope=Scope.OWNER, cooldown=3_600),
        Quota(reviewer="copilot", addresses="@copilot".__eq__, scope=Scope.OWNER, cooldown=900),
    ],
    cooldown=900,
    jitter=0,
    attempt_limit=30,
)
DAY = 86_400.0
TEXTS = (
    """\
Two links are broken: see the report below.

- docs/guide.md: the section has moved
- docs/api.md: the page is gone

The rest is fine.""",
    "The benchmark is 12 % slower than on main, within noise.",
    "Thank you! One question: why is the cache cleared twice?",
    "Rebased onto main; the tests pass again.",
    "LGTM",
)
ORIGINS = (
    Origin(intake="unix", uid=0, via="mcp claude-code"),
    Origin(intake="http", via="http ci", token="ci"),
    Origin(intake="unix", uid=0),
)


class Scene:
    """A queue in memory, in a ``with`` block, with a worker that does what a test says."""

    def __init__(self) -> None:
        self.shift = 0.0
        self.store = MemoryStore(self.now)
        self.store.divide(Division(lane_of=LANES.lane_of, edition="1"))
        self._count = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.store.lock())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def now(self) -> Instant:
        """The machine's time, or one in the past while a scene makes a history."""
        return earlier(system_clock(), self.shift)

    def put(
        self,
        *bodies: str,
        hold: bool = False,
        ahead: bool = False,
        origin: Origin | None = None,
        **members: object,
    ) -> Sequence[Job]:
        """Queue comments, each for another pull request."""
        jobs: list[Job] = []
        for body in bodies:
            self._count += 1
            number = 100 + self._count * 7 % 41
            values: dict[str, object] = {"owner": "octo-org", "repo": "site", "pr_number": number}
            request = CommentRequest(**(values | {"body": body} | members))  # type: ignore[arg-type]
            by = origin or ORIGINS[self._count % len(ORIGINS)]
            jobs += self.store.put([NewJob(request=request, origin=by, hold=hold, ahead=ahead)])
        return jobs

    def finish(
        self, verdict: Verdict | None = None, outcome: str = "posted", fault: str = ""
    ) -> str:
        """Have the worker post the next comment, or what else becomes of it; return its id."""
        job = self.store.claim("main")
        assert job
        number = 1_000_000 + self._count * 131
        url = f"https://github.com/{job.asked.owner}/{job.asked.repo}/pull/{job.asked.pr_number}"
        done = Done(url=f"{url}#issuecomment-{number}", comment_id=number)
        now = self.now().wall
        attempt = Attempt(
            started=now, ended=now, account="main", outcome=outcome, fault=fault, counted=True,
            status=201 if outcome == "posted" else 422,
            message="" if outcome == "posted" else "Validation Failed",
        )  # fmt: skip
        self.store.settle(job, verdict or done, attempt)
        return job.id

    def past(self, days: int = 28, a_day: int = 12) -> None:
        """A history of some weeks."""
        for day in range(days, 0, -1):
            weekend = day % 7 in {0, 1}
            number = a_day // 4 if weekend else a_day - day * 5 % 7
            for one in range(number):
                self.shift = day * DAY - one * 1_800
                self.put(TEXTS[(day + one) % len(TEXTS)])
                if (day * 3 + one) % 11 == 0:
                    self.finish(RetryAt(due=self.now().wall, reason="busy"), "refused", "forge")
                self.finish()
        self.shift = 0.0

    def cool(self, seconds: float = 754.0, **members: object) -> None:
        """The account has to wait so long until it posts."""
        at = earlier(self.now(), 900.0 - seconds)
        record = Pacing(account="main", at=at, **members)  # type: ignore[arg-type]
        self.store.save_pacing(record, expect=self.store.pacing().get("main"))

    def limit(self, minutes: float = 50) -> None:
        """A reviewer is limited for so long, and another one is blocked."""
        until = self.now().wall + timedelta(minutes=minutes)
        lane = Lane(reviewer="coderabbit", scope="octo-org")
        self.store.save_lane(
            LaneRecord(lane=lane, held_until=until, reason="Next review available in 50 minutes",
                       triggers=14, reviewed=11, refused=3),
            expect=None,
        )  # fmt: skip
        lane = Lane(reviewer="copilot", scope="octo-org")
        reason = "You have reached your quota of reviews for this month"
        self.store.save_lane(
            LaneRecord(lane=lane, is_blocked=True, reason=reason, triggers=60, reviewed=58,
                       refused=2),
            expect=None,
        )  # fmt: skip

    def fail(self, reason: str = "the pull request is locked for people outside") -> str:
        """A comment fails for good; return its id."""
        self.put("The preview is ready: https://preview.example.org/7", ahead=True)
        return self.finish(Failed(reason=reason), "refused", "request")

    def lose(self) -> str:
        """Nobody knows whether a comment is posted; return its id."""
        (job,) = self.put("The nightly build has passed.", ahead=True)
        url = f"https://github.com/octo-org/site/pull/{job.asked.pr_number}#issuecomment-7"
        found = (Candidate(url=url, comment_id=7),)
        reason = "the connection broke, and another comment there has the same text"
        return self.finish(Unconfirmed(reason=reason, candidates=found), "unknown", "forge")

    def post(self) -> str:
        """The worker begins to post the next comment; return its id."""
        job = self.store.claim("main")
        assert job
        self.store.report(Activity(doing="posting", since=self.now(), limit=60.0, job=job.id))
        return job.id

    def pause(self, reason: str = "the release is under way") -> None:
        """A person pauses the queue."""
        self.store.pause(Pause(since=self.now().wall, reason=reason))

    def first(self, job_id: str) -> None:
        """A person moves a comment to the head of the queue."""
        self.store.change(job_id, Change.BUMP)

    def throttle(self, seconds: float = 1_500.0) -> None:
        """The forge limits the account for so long."""
        self.cool(-1.0, backoff=seconds + 901, reason="the forge's secondary rate limit",
                  cause=Cause.RATE_LIMITED)  # fmt: skip
