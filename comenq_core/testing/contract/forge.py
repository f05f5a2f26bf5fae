"""What the parts of a poster's contract share: the stand-in for a forge, and jobs for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Protocol, TypeVar

import pytest

from comenq_core.model import (
    CommentRequest,
    Job,
    Origin,
    Outcome,
    Posted,
    Refused,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.protocols import Poster

__all__ = [
    "NUMBER",
    "OUTCOMES",
    "OWNER",
    "REPO",
    "RETRY_AFTER",
    "SECONDS",
    "SHORT",
    "TOKEN",
    "UNANSWERED",
    "Forge",
    "MakePoster",
    "PosterHarness",
    "Situation",
    "a_job",
    "keeps_time_limit",
    "returned",
]

T = TypeVar("T")

TOKEN = "contract-canary-0123456789abcdef"  # noqa: S105 -- it opens nothing
"""The credential of the account under test."""
OWNER = "octo-org"
"""Who owns the repository of every job."""
REPO = "site"
"""The repository of every job."""
NUMBER = 7
"""The pull request of every job."""
SECONDS = 30.0
"""A poster's time limit, where the test is not about it."""
RETRY_AFTER = timedelta(seconds=90)
"""How long the forge asks to wait when it throttles, in whatever way it says such things."""

SHORT = 1.0
"""A time limit that is soon over, where the forge does not answer."""

LONG = 300.0
# A call that has not returned by then never will; calls return much earlier.
DEADLINE = 100.0


class Situation(Enum):
    """What can happen to a poster; each value says what the stand-in has to do."""

    WORKING = "the forge does what it is asked"
    THROTTLED = "the forge rate-limits the account, for `RETRY_AFTER`"
    UNAUTHORIZED = "the forge does not accept the credential"
    REFUSED = "the forge does not take comments there, and never will"
    CLOSED = "the pull request is closed; comments are taken all the same"
    FAILING = "the forge, or a proxy in front of it, fails: the 500s of HTTP"
    GARBLED = "the forge reports success, in an answer that cannot be read"
    ANSWER_LOST = "the forge does what it is asked, but its answer to a comment is lost"
    SILENT = "the forge takes requests and never answers"
    SLOW = (
        "the forge sends its answer byte by byte, a second or less apart, for ten minutes or more"
    )
    UNREACHABLE = "nobody listens, and connections that were open are closed"


UNANSWERED = (Situation.SILENT, Situation.SLOW)
"""Where only its time limit ends a call."""

OUTCOMES: dict[Situation, type[Outcome]] = {
    Situation.WORKING: Posted,
    Situation.THROTTLED: Throttled,
    Situation.UNAUTHORIZED: Unauthorized,
    Situation.REFUSED: Refused,
    Situation.CLOSED: Skipped,
    Situation.FAILING: Unknown,
    Situation.GARBLED: Unknown,
    Situation.ANSWER_LOST: Unknown,
    Situation.SILENT: Unknown,
    Situation.SLOW: Unknown,
    Situation.UNREACHABLE: Unavailable,
}
"""What `Poster.post` has to return in each, for a job with ``if_open``."""


class Forge(Protocol):
    """A stand-in for a forge, with the repository `OWNER`/`REPO`.

    It accepts every credential, unless `enter` says otherwise. The account whose token is `TOKEN`
    is one of its users.
    """

    def comments(self) -> Sequence[str]:
        """The bodies of the comments on the pull request `NUMBER`, oldest first."""

    def add(self, body: str, *, number: int, ours: bool, at: datetime) -> int | str:
        """Create a comment that was not posted by the poster under test; return its id.

        Args:
            body: what it says.
            number: of the pull request.
            ours: whether its author is the account whose token is `TOKEN`.
            at: when.
        """

    def enter(self, situation: Situation, message: str) -> None:
        """Be in this situation from now on, for every request.

        Args:
            situation: what to do.
            message: the text of the forge's answer, where it has one.
        """


MakePoster = Callable[[str, float], Poster]
"""Makes a poster from a credential and the time limit of a call in seconds."""


class PosterHarness:
    """The fixtures of the contract."""

    @pytest.fixture
    def forge(self) -> Forge:
        """The stand-in for the forge; for the subclass to define."""
        raise NotImplementedError("define the fixture `forge` in your subclass of PosterContract")

    @pytest.fixture
    def make_poster(self) -> MakePoster:
        """Make posters that speak to ``forge``; for the subclass to define."""
        raise NotImplementedError("define the fixture `make_poster` in your subclass")

    @pytest.fixture
    def poster(self, make_poster: MakePoster) -> Poster:
        """The poster under test."""
        return make_poster(TOKEN, SECONDS)


def a_job(
    body: str = "Looks good.", *, if_open: bool = False, in_reply_to: int | None = None
) -> Job:
    """A job for pull request `NUMBER`, as the worker hands it to a poster."""
    request = CommentRequest(
        owner=OWNER,
        repo=REPO,
        pr_number=NUMBER,
        body=body,
        if_open=if_open,
        in_reply_to=in_reply_to,
    )
    return Job(
        id="0123456789ab",
        request=request,
        arrived=datetime.now(UTC),
        origin=Origin(intake="contract"),
    )


def returned(call: Callable[[], T]) -> T:
    """Return what a call returns; fail if it never does, and leave it to the stand-in to end it."""
    executor = ThreadPoolExecutor(1)
    future = executor.submit(call)
    wait([future], timeout=DEADLINE)
    executor.shutdown(wait=False)
    assert future.done(), "the poster has not given up a forge that does not answer"
    return future.result()


def keeps_time_limit(
    forge: Forge, make_poster: MakePoster, call: Callable[[Poster], object]
) -> bool:
    """Whether calls end at the time limit that their poster was given, while no answer comes.

    A call with a long limit begins first. Two calls with a short one have to be over before it,
    one after the other. Only this order counts, so that a busy machine changes nothing.
    """
    patient, impatient = make_poster(TOKEN, LONG), make_poster(TOKEN, SHORT)
    with ThreadPoolExecutor(1) as executor:
        long = executor.submit(call, patient)
        try:
            for _ in range(2):
                returned(partial(call, impatient))
            return not long.done()
        finally:
            forge.enter(Situation.UNREACHABLE, "")
