"""What the parts of a poster's contract share: a forge that can be in trouble, and jobs for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from enum import Enum
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
    "BRIEF",
    "NUMBER",
    "OUTCOMES",
    "OWNER",
    "REPO",
    "SECONDS",
    "SILENCE",
    "TOKEN",
    "Forge",
    "MakePoster",
    "PosterHarness",
    "Situation",
    "a_job",
    "in_time",
]

T = TypeVar("T")

TOKEN = "contract-canary-0123456789abcdef"  # noqa: S105 -- it opens nothing
OWNER, REPO, NUMBER = "octo-org", "site", 7
SECONDS = 30.0
"""How long a poster may take where nothing is to be learnt from that."""
BRIEF = 1.0
"""Seconds after which a poster has to give up a forge that does not answer."""
SILENCE = timedelta(seconds=90)
"""For how long the forge asks to be left alone, in whatever way it says such things."""


class Situation(Enum):
    """What can happen to a poster."""

    WELL = "the forge does what it is asked"
    THROTTLED = "the forge asks for silence, for `SILENCE`"
    UNAUTHORIZED = "the forge does not accept the credential"
    REFUSED = "the forge does not take comments there, and never will"
    CLOSED = "the pull request is closed; comments are taken all the same"
    BROKEN = "the forge, or something before it, fails: the 500s of HTTP"
    GARBLED = "the forge reports success, in words that make no sense"
    LOST = "the forge does what it is asked, but nobody receives its answer to a comment"
    SILENT = "the forge takes requests and never answers"
    SLOW = "the forge sends its answer byte by byte, a second or so apart, for a minute or more"
    AWAY = "nobody listens"


OUTCOMES: dict[Situation, type[Outcome]] = {
    Situation.WELL: Posted,
    Situation.THROTTLED: Throttled,
    Situation.UNAUTHORIZED: Unauthorized,
    Situation.REFUSED: Refused,
    Situation.CLOSED: Skipped,
    Situation.BROKEN: Unknown,
    Situation.GARBLED: Unknown,
    Situation.LOST: Unknown,
    Situation.SILENT: Unknown,
    Situation.SLOW: Unknown,
    Situation.AWAY: Unavailable,
}
"""What `Poster.post` has to report of each, for a job that wants its pull request open."""


class Forge(Protocol):
    """A stand-in for the forge; all that is said here is about the repository octo-org/site.

    It accepts any credential, until it is told otherwise. The account whose token is `TOKEN` is
    one of its users.
    """

    def comments(self) -> Sequence[str]:
        """The bodies of the comments on the pull request `NUMBER`, oldest first."""

    def add(self, body: str, *, number: int, ours: bool, at: datetime) -> int | str:
        """Create a comment as if it had been posted elsewhere; return its id.

        Args:
            body: what it says.
            number: of the pull request.
            ours: whether the account that `TOKEN` belongs to has posted it.
            at: when.
        """

    def enter(self, situation: Situation, message: str) -> None:
        """Be in this situation from now on, whatever is asked.

        Args:
            situation: which.
            message: what the forge says about it, where it says anything.
        """


MakePoster = Callable[[str, float], Poster]
"""Makes a poster of a credential, and of the seconds that a call of it may take."""


class PosterHarness:
    """The fixtures of the contract."""

    @pytest.fixture
    def forge(self) -> Forge:
        """The stand-in; for the subclass to define."""
        raise NotImplementedError("define the fixture `forge` in your subclass of PosterContract")

    @pytest.fixture
    def make_poster(self) -> MakePoster:
        """Makes posters that speak to ``forge``; for the subclass to define."""
        raise NotImplementedError("define the fixture `make_poster` in your subclass")

    @pytest.fixture
    def poster(self, make_poster: MakePoster) -> Poster:
        """The poster under test."""
        return make_poster(TOKEN, SECONDS)


def a_job(body: str = "Looks good.", *, if_open: bool = False) -> Job:
    """A job that has been handed to a poster."""
    request = CommentRequest(owner=OWNER, repo=REPO, pr_number=NUMBER, body=body, if_open=if_open)
    return Job(
        id="0123456789ab",
        request=request,
        arrived=datetime.now(UTC),
        origin=Origin(intake="contract"),
    )


def in_time(call: Callable[[], T]) -> T:
    """Return what a call returns; fail if it takes far longer than any call may."""
    executor = ThreadPoolExecutor(1)
    future = executor.submit(call)
    wait([future], timeout=SECONDS)
    executor.shutdown(wait=False)
    assert future.done(), f"{call} has not returned after {SECONDS} seconds"
    return future.result()
