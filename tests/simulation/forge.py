"""Simulated time, and the pull requests that agents and a review bot comment on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from comenq_core.model import Channel, Remark
from comenq_core.testing.clock import FakeClock

__all__ = ["TRIGGER", "Forge", "PullRequest"]

TRIGGER = "@coderabbitai review"


@dataclass(slots=True)
class PullRequest:
    """A pull request, with what is said on it.

    Args:
        number: its number.
        head: the commit that was pushed last; ``""`` before the first.
        reviewed: the commit that the bot has reviewed last.
        begun: the commit whose review goes on, or has ended.
        remarks: what is said on it, by its id.
    """

    number: int
    head: str = ""
    reviewed: str = ""
    begun: str = ""
    remarks: dict[str, Remark] = field(default_factory=dict)

    @property
    def is_reviewed(self) -> bool:
        """Whether nobody has to ask for a review of it."""
        return self.head == self.reviewed


class Forge:
    """Keeps the time, and what is said."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.on_trigger: Callable[[PullRequest], None] = lambda _pull: None
        """Is told of each comment that asks for a review."""
        self.triggers = 0
        self._ids = count(1)
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], object]]] = []

    @property
    def now(self) -> float:
        """Seconds since the week began."""
        return self.clock().ticks

    def later(self, seconds: float, event: Callable[[], object]) -> None:
        """Have something happen so many seconds from now."""
        heappush(self._events, (self.now + seconds, next(self._order), event))

    def run(self, seconds: float) -> None:
        """Let so many seconds of the week pass, or all that happens in it."""
        while self._events and self._events[0][0] <= seconds:
            at, _, event = heappop(self._events)
            self.clock.advance(max(0.0, at - self.now))
            event()

    def ask(self, pull: PullRequest, login: str) -> Remark:
        """Post a trigger."""
        remark = self.say(pull, login, TRIGGER)
        self.triggers += 1
        self.on_trigger(pull)
        return remark

    def say(
        self, pull: PullRequest, login: str, text: str, channel: Channel = Channel.COMMENT
    ) -> Remark:
        """Add a comment, or a review of the head."""
        number = next(self._ids)
        is_comment = channel is Channel.COMMENT
        kind = "comment" if is_comment else "review"
        remark = Remark(
            id=f"{kind} {number}",
            channel=channel,
            login=login,
            text=text,
            changed=self._second(),
            url=f"https://github.com/octo-org/site/pull/{pull.number}#{kind}-{number}",
            commit="" if is_comment else pull.head,
            comment_id=number if is_comment else None,
        )
        pull.remarks[remark.id] = remark
        return remark

    def edit(self, pull: PullRequest, remark_id: str, text: str) -> None:
        """Change a comment."""
        before = pull.remarks[remark_id]
        pull.remarks[remark_id] = replace(
            before, text=text, channel=Channel.EDIT, changed=self._second()
        )

    def _second(self) -> datetime:
        """The time as a forge writes it."""
        return self.clock().wall.replace(microsecond=0)
