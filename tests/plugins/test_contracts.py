"""The built-in plugins keep the contracts that anybody's have to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from comenq_core.protocols import Intake, Poster
from comenq_core.settings import Secret, Settings
from comenq_core.testing import forge as github
from comenq_core.testing.contract import IntakeContract, PosterContract
from comenq_core.testing.contract.forge import NUMBER, OWNER, REPO, SILENCE, Situation
from comenq_core.testing.contract.intake import HandIn
from comenq_plugins.github import make_posters
from comenq_plugins.unix_socket.intake import UnixIntake
from tests.socket.serving import Talker, short_directory, until


class TestUnixIntake(IntakeContract):
    name = "unix"

    @pytest.fixture
    def path(self) -> Iterator[Path]:
        """Where clients connect."""
        with short_directory() as directory:
            yield directory / "c.sock"

    @pytest.fixture
    def intake(self, path: Path) -> Intake:
        """Serve there."""
        return UnixIntake(path)

    @pytest.fixture
    def hand_in(self, path: Path) -> HandIn:
        """Send a line of JSON."""
        return lambda **members: told(path, members)

    @pytest.fixture
    def hand_in_nonsense(self, path: Path) -> Callable[[], str]:
        """Send a line of JSON that has other members."""
        return lambda: told(path, {"title": "Release notes"})


def told(path: Path, request: object) -> str:
    """What the daemon has against a request."""
    until(path.exists)
    with Talker(path) as client:
        return str(client.ask(request).get("message", ""))


ANSWERS: dict[Situation, dict[str, Any]] = {
    Situation.THROTTLED: {"status": 429, "headers": {"Retry-After": f"{SILENCE.seconds}"}},
    Situation.UNAUTHORIZED: {"status": 401},
    Situation.REFUSED: {"status": 410},
    Situation.BROKEN: {"status": 502},
    Situation.GARBLED: {"status": 201},
    Situation.SILENT: {"delay": 60},
    Situation.SLOW: {"status": 201, "drip": 1},
}


class GitHub:
    """The stand-in for GitHub, in whatever trouble it is to be."""

    def __init__(self) -> None:
        self.now: datetime | None = None
        self.stand_in = github.Forge(clock=lambda: self.now or datetime.now(UTC))

    def comments(self) -> Sequence[str]:
        """The bodies of those on the pull request."""
        return [one.body for one in self.stand_in.comments if one.number == NUMBER]

    def add(self, body: str, *, number: int, ours: bool, at: datetime) -> int:
        """Create one, by a clock that shows that time."""
        login = "octocat" if ours else "hubot"
        self.now = at
        comment = self.stand_in.add_comment(OWNER, REPO, number, body=body, login=login)
        self.now = None
        return comment.id

    def enter(self, situation: Situation, message: str) -> None:
        """Script what it answers for a while."""
        if situation is Situation.CLOSED:
            self.stand_in.set_pull(OWNER, REPO, NUMBER, state=message or "closed")
        elif situation is Situation.LOST:
            self.stand_in.answer_next(accept=True, drop=True)
        elif situation is Situation.AWAY:
            self.stand_in.__exit__(None, None, None)
        elif situation is not Situation.WELL:
            said = {"message": message}
            self.stand_in.answer_next(times=9, method="", body=said, **ANSWERS[situation])


class TestGitHubPoster(PosterContract):
    @pytest.fixture
    def forge(self) -> Iterator[GitHub]:
        """Serve the stand-in."""
        forge = GitHub()
        with forge.stand_in:
            yield forge

    @pytest.fixture
    def make_poster(self, forge: GitHub) -> Callable[[str, float], Poster]:
        """Make the poster of one token."""
        return partial(poster_of, forge.stand_in.url)


def poster_of(url: str, token: str, seconds: float) -> Poster:
    """The one poster that the settings give."""
    settings = Settings(
        github_api_url=url, github_token=Secret(token), github_api_timeout_secs=seconds
    )
    (poster,) = make_posters(settings)
    return poster
