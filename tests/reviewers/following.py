"""Follow a trigger against the stand-in's bots: real HTTP, real profiles, a simulated clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from comenq_core.model import (
    CommentRequest,
    Conclusion,
    Conversation,
    Following,
    Job,
    Origin,
    Posted,
    Snapshot,
)
from comenq_core.policy.following import FollowPolicy, Poll, follow, observe
from comenq_core.protocols import Reviewer
from comenq_core.settings import Secret, Settings
from comenq_core.testing.forge import Act, Bot, Forge
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.github.poster import GitHubPoster, posters

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
POLICY = FollowPolicy(guess=timedelta(minutes=15), max_wait=timedelta(hours=24))


class Scene:
    """A pull request with one bot, and a clock that stands still between two steps.

    Args:
        forge: the stand-in.
        reviewer: whose triggers are followed.
        trigger: the whole comment.
    """

    def __init__(self, forge: Forge, reviewer: Reviewer, trigger: str) -> None:
        self.now = START
        self.forge = forge
        self.reviewer = reviewer
        self.trigger = trigger
        self.polls: list[float] = []
        """Seconds from the post to each reading."""
        settings = Settings(github_api_url=forge.url, github_token=Secret("ghp_0123456789abcdef"))
        (poster,) = posters(settings)
        assert isinstance(poster, GitHubPoster)
        poster.client.now = lambda: self.now
        self.poster = poster

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def bot(self, *scenes: Sequence[Act], login: str = "") -> None:
        """Let a bot answer: by default, the reviewer's own account."""
        account = login or f"{self.reviewer.logins[0]}[bot]"
        self.forge.set_bots(Bot(login=account, triggers=[self.trigger], scenes=scenes))

    def read(self, snapshot: Snapshot | None = None, *triggers: int | str) -> Conversation:
        """What is said now."""
        found = self.poster.read_conversation(self.request, snapshot, triggers)
        assert isinstance(found, Conversation), found
        return found

    @property
    def request(self) -> CommentRequest:
        """The trigger."""
        return CommentRequest(owner="o", repo="r", pr_number=7, body=self.trigger)

    def post(self) -> tuple[Following, int | str]:
        """Post the trigger, after a snapshot; return its id as well."""
        snapshot = Snapshot.of(self.read())
        job = Job(
            id="0123456789ab", request=self.request, arrived=self.now, origin=Origin(intake="test")
        )
        posted = self.poster.post(job)
        assert isinstance(posted, Posted)
        return Following(posted=self.now, snapshot=snapshot), posted.comment_id

    def conclude(self, policy: FollowPolicy = POLICY) -> Conclusion:
        """Post the trigger, and follow it to its end; each step goes through JSON."""
        following, trigger = self.post()
        return self.follow(following, trigger, policy)

    def follow(
        self, following: Following, trigger: int | str, policy: FollowPolicy = POLICY
    ) -> Conclusion:
        """Follow a trigger to its end."""
        while isinstance(step := follow(following, policy), Poll):
            self.now = max(self.now, step.at)
            self.polls.append((self.now - following.posted).total_seconds())
            conversation = self.read(following.snapshot, trigger)
            seen = observe(following, conversation, self.reviewer, self.now)
            following = from_json(Following, to_json(seen))
            assert following == seen
        return step


@contextmanager
def scene(reviewer: Reviewer, trigger: str) -> Iterator[Scene]:
    """Serve a stand-in whose clock is the scene's."""
    clock: list[Scene] = []
    with Forge(clock=lambda: clock[0].now if clock else START) as forge:
        clock.append(Scene(forge, reviewer, trigger))
        yield clock[0]
