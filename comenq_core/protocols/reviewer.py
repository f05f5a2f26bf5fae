"""What a reviewer has to be: the profile of a review bot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.model import Answer, Reading, Scope
from comenq_core.settings import REVIEWERS

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = [
    "REVIEWERS",
    "QuotaHolder",
    "Reviewer",
    "ReviewerFactory",
    "TriggerAdviser",
    "same_login",
]


class Reviewer(Protocol):
    """Knows one review bot: what asks it for a review, and how its answers read.

    Every method is pure: it reads no clock and asks nobody. None raises, and none takes longer
    than in proportion to the text.
    """

    @property
    def name(self) -> str:
        """The name that the settings and ``comenq explain --reviewer`` call it by."""

    @property
    def logins(self) -> Sequence[str]:
        """The bot's accounts at the forge; at least one."""

    def addresses(self, comment: str) -> bool:
        """Whether this comment, as a whole, asks the bot for a review.

        A comment with more words in it is a conversation, which most bots do not review for.
        """

    def wrote(self, answer: Answer) -> bool:
        """Whether an answer is the bot's own. Logins are compared with `same_login`.

        A status has a name instead of a login, which may be another one.
        """

    def read(self, answer: Answer) -> Reading:
        """What an answer means; `ReadingKind.OTHER` where the bot did not write it.

        Where it is not sure, it says so: only what the bot is known to say when it is limited is
        `ReadingKind.LIMITED`, and only what comes with a review is `ReadingKind.REVIEWED`.
        """


@runtime_checkable
class QuotaHolder(Protocol):
    """What a reviewer may be as well: able to say what shares one of its quotas.

    Without it, the repositories of an owner share one, at the settings' cooldown.
    """

    @property
    def scope(self) -> Scope:
        """What shares a quota."""

    @property
    def cooldown(self) -> float | None:
        """Seconds between two triggers of a quota; by default the settings' cooldown."""

    @property
    def guess(self) -> float:
        """Seconds for which the bot is limited that does not say; doubled with each in a row."""

    @property
    def max_wait(self) -> float:
        """Seconds; if the bot is limited for longer, a person has to decide."""


@runtime_checkable
class TriggerAdviser(Protocol):
    """What a reviewer may be as well: able to tell which comments will hardly lead to a review.

    People are told when they queue one; nothing is refused. Without it, nothing is told.
    """

    @property
    def ignores_bots(self) -> bool:
        """Whether the bot passes over the triggers of bots and apps."""

    def nearly_addresses(self, comment: str) -> bool:
        """Whether a comment that is no trigger looks as if it was meant to be one.

        It has a trigger in it, for instance, with more words. It is pure, as all else here.
        """


ReviewerFactory = Callable[["Settings"], Iterable[Reviewer]]
"""Makes reviewers; each has a name of its own."""


def same_login(one: str, other: str) -> bool:
    """Whether two logins are one account's: REST says ``name[bot]`` where GraphQL says ``name``.

    A part of a name is another name: anybody can have an account that is called almost the same.
    """
    return _bare(one) == _bare(other)


def _bare(login: str) -> str:
    return login.lower().removesuffix("[bot]")
