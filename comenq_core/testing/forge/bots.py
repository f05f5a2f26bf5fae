"""Review bots, played by a script: what they answer to a trigger, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, NamedTuple

from comenq_core.testing.forge.records import Comment, Place

__all__ = ["Act", "Bot", "Due", "Plays", "bot_from_json"]

KINDS = ("comment", "review", "reaction", "withdraw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that a bot does.

    Args:
        after: seconds after the trigger, by the stand-in's clock.
        kind: ``comment``, ``review``, ``reaction``, or ``withdraw``, which deletes what has this
            name.
        text: what it says; of a reaction, GitHub's word for it.
        name: of a comment that is edited by the next act of this name on the same pull request, or
            of what is withdrawn later.
        login: who does it, if not the bot: one who has almost its name, for instance.
        number: of another pull request of the repository; 0 for the trigger's.
        on: what a reaction is to: ``trigger`` or ``description``.
    """

    after: float = 0.0
    kind: str = "comment"
    text: str = ""
    name: str = ""
    login: str = ""
    number: int = 0
    on: str = "trigger"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.on not in {"trigger", "description"}:
            raise ValueError(f"a bot cannot do that: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A review bot.

    Args:
        login: its account.
        triggers: the whole comments that ask it for a review, whatever their case.
        scenes: what it does about the first trigger, about the second, and so on; the last is
            for all that come after it, too.
    """

    login: str
    triggers: Sequence[str]
    scenes: Sequence[Sequence[Act]]

    def is_asked(self, comment: Comment) -> bool:
        """Whether a comment asks for a review; its own never does."""
        words = " ".join(comment.body.lower().split())
        return comment.login != self.login and words in {one.lower() for one in self.triggers}


def bot_from_json(members: Mapping[str, Any]) -> Bot:
    """The bot that a JSON object describes, with the members of `Bot`."""
    scenes = [[Act(**act) for act in scene] for scene in members["scenes"]]
    return Bot(login=members["login"], triggers=members["triggers"], scenes=scenes)


class Due(NamedTuple):
    """An act with its time and its place; ``order`` keeps those of one time in their order."""

    at: datetime
    order: int
    act: Act
    login: str
    place: Place
    trigger: int

    @property
    def label(self) -> tuple[str, Place, str]:
        """What an act of this name is about."""
        return self.login, self.place, self.act.name


class Plays:
    """What the bots are about to do."""

    def __init__(self) -> None:
        self.bots: list[Bot] = []
        self._due: list[Due] = []
        self._count = 0
        self._asked: dict[str, int] = {}

    @property
    def next_at(self) -> datetime | None:
        """When the next act is due."""
        return self._due[0].at if self._due else None

    def notice(self, comment: Comment, now: datetime) -> None:
        """Plan what the bots that this comment asks are going to do."""
        for bot in self.bots:
            if bot.is_asked(comment):
                asked = self._asked.get(bot.login, 0)
                self._asked[bot.login] = asked + 1
                for act in bot.scenes[min(asked, len(bot.scenes) - 1)]:
                    self._plan(bot, act, comment, now)

    def take(self, now: datetime) -> Due | None:
        """The next act that is due by now, if there is one."""
        return heappop(self._due) if self._due and self._due[0].at <= now else None

    def _plan(self, bot: Bot, act: Act, comment: Comment, now: datetime) -> None:
        self._count += 1
        place = comment.owner, comment.repo, act.number or comment.number
        due = now + timedelta(seconds=act.after)
        login = act.login or bot.login
        heappush(self._due, Due(due, self._count, act, login, place, comment.id))
