"""What a poster may be as well: optional abilities, each a protocol that it has or has not.

Some are those of its factory, which tells them before a poster is made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.model import (
    Answer,
    CheckResult,
    CommentRequest,
    Conversation,
    Demand,
    Job,
    Outcome,
    Refused,
    Snapshot,
    Verified,
)
from comenq_core.protocols.poster import Lookup

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = [
    "VERIFY_SECONDS",
    "AccountDirectory",
    "AccountProbe",
    "AnswerSource",
    "ConversationReader",
    "CredentialChecker",
    "CredentialGuard",
    "CredentialHolder",
    "ForgeClock",
    "ForgeHost",
    "Identifiable",
    "Selective",
    "TargetVerifier",
    "ThreadDirectory",
    "ThreadReplier",
]

VERIFY_SECONDS = 10.0
"""How long `TargetVerifier.verify_target` may take: a post may come in the meantime, and waits."""


@runtime_checkable
class CredentialChecker(Protocol):
    """What a poster may be as well: able to ask whether the forge accepts its credential."""

    def check_credential(self) -> Sequence[CheckResult]:
        """Ask the forge, within the time limit of one attempt, and change nothing there.

        Called by ``comenqd check --online``, never while the account is rate-limited.
        """


@runtime_checkable
class CredentialHolder(Protocol):
    """What a poster may be as well: able to tell why it has no credential to use."""

    def credential_fault(self) -> str:
        """Why there is no credential now, fit to be shown; ``""`` if there is one.

        It asks the forge nothing. Called at the start of the worker and before each post, and by
        ``comenqd check``: a file that is missing or a command that fails is reported at once.
        """


@runtime_checkable
class CredentialGuard(Protocol):
    """What a poster may be as well: able to tell whether a text has its credential in it."""

    def reveals(self, text: str) -> bool:
        """Whether it has the credential of now, or one that this poster has used before.

        It asks the forge nothing. Called before each post, with the comment: one that has the
        credential of any account fails, and is not sent.
        """


@runtime_checkable
class Identifiable(Protocol):
    """What a poster may be as well: able to say who it is at the forge.

    Two accounts with one login are paced as one, and a comment that may be posted is looked for
    by the login that posted it.
    """

    def login(self) -> str | Demand:
        """The account's name at the forge, ``""`` where the forge does not say it; or why not.

        It may ask the forge, once for each credential, within the time limit of one attempt.
        """


@runtime_checkable
class AccountProbe(Protocol):
    """What a poster may be as well: able to ask whether the forge works, and takes its credential.

    Without it, the next comment is the question.
    """

    def probe(self) -> Demand | None:
        """Ask the cheapest question there is; ``None`` if the forge answers it."""


@runtime_checkable
class Selective(Protocol):
    """What a poster may be as well: for some repositories only."""

    def serves(self, request: CommentRequest) -> bool:
        """Whether the account is for this request's repository. Asks nobody."""


@runtime_checkable
class ForgeClock(Protocol):
    """What a poster may be as well: able to compare the machine's clock with the forge's."""

    def clock_offset(self) -> timedelta | None:
        """How far the forge's clock is ahead of the machine's; ``None`` if it has not answered."""


@runtime_checkable
class TargetVerifier(Protocol):
    """What a poster may be as well: able to tell early whether a pull request is there.

    Without it, the post is what tells.
    """

    def verify_target(self, request: CommentRequest) -> Verified | Refused | Demand:
        """Ask the forge for the request's pull request alone, and change nothing there.

        One cheap question, which takes no longer than `VERIFY_SECONDS`. `Refused` with the fault
        ``pull_request`` or ``comment`` says that it is not there; every other answer says nothing
        about it.
        """


@runtime_checkable
class ThreadReplier(Protocol):
    """What a poster may be as well: able to reply in the thread of a review comment.

    Without it, a request with ``in_reply_to`` fails, and is never posted as a comment of its own.
    """

    def post_reply(self, job: Job) -> Outcome:
        """Make one attempt, as `Poster.post`, in the thread of the comment ``in_reply_to``.

        That need not be the thread's first comment. `Refused` where the thread is gone.
        """

    def find_reply(self, job: Job, since: datetime, known: Collection[int | str]) -> Lookup:
        """Look for the job's reply in its thread, as `Poster.find` does for other comments.

        The same words in another thread are not the job's. An id is never that of a comment that
        `Poster.find` can find.
        """


@runtime_checkable
class ConversationReader(Protocol):
    """What a poster may be as well: able to read what is said on a pull request.

    Without it, a comment that asks for a review is posted, and not followed.
    """

    def read_conversation(
        self, request: CommentRequest, snapshot: Snapshot | None, triggers: Collection[int | str]
    ) -> Conversation | Refused | Demand:
        """Ask for what is said, within the time limit of one attempt, and change nothing there.

        A remark is never left out because it is new: what is shown has all comments that were
        written or changed since ``snapshot.since``, all reviews, and all reactions to the
        description and to the triggers, apart from what ``snapshot.validators`` show to be as it
        was. Times are the forge's own, and as they were the last time.

        Args:
            request: for the pull request that is meant.
            snapshot: what was seen before, or nothing but where a first reading begins; with
                ``None``, it begins `comenq_core.model.LOOKBACK` ago.
            triggers: ids of comments whose reactions are shown, too. One that is gone has none.

        Returns:
            `Refused` if there is no such pull request.
        """


@runtime_checkable
class AccountDirectory(Protocol):
    """What a poster's factory may be as well: able to name its accounts without their credentials.

    The listener refuses a comment that none of them serves.
    """

    def accounts(self, settings: Settings) -> Mapping[str, Sequence[str]]:
        """Each account's repositories, as patterns such as ``my-org/*``; none means all.

        Raises:
            SettingsError: the settings are wrong.
        """


@runtime_checkable
class ForgeHost(Protocol):
    """What a poster's factory may be as well: able to name the host of its forge.

    A comment whose address names another host is refused.
    """

    def host(self, settings: Settings) -> str:
        """The host in the addresses of pull requests, such as ``github.com``.

        Raises:
            SettingsError: the settings are wrong.
        """


@runtime_checkable
class ThreadDirectory(Protocol):
    """What a poster's factory may be as well: able to say whether its posters can reply.

    A reply is refused at once where they cannot; without this, it fails at its turn.
    """

    def can_reply(self, settings: Settings) -> bool:
        """Whether each poster is a `ThreadReplier`."""


@runtime_checkable
class AnswerSource(Protocol):
    """What a poster's factory may be as well: able to read what is said on a pull request."""

    def answers(self, settings: Settings, url: str, *, token: str = "") -> Sequence[Answer]:
        """The comment or review that an address names, or all of a pull request, the latest last.

        Called by ``comenq explain``. A credential goes to the API that the settings name, and
        nowhere else.

        Args:
            settings: the settings.
            url: the address, as people see it in a browser.
            token: for the forge's public API, where the settings have no token that can be read.

        Raises:
            InvalidRequest: the address names nothing of that on the forge's host.
            ComenqError: the forge did not show it; the text says why.
        """
