"""The built-in intake and the built-in poster keep the contracts of all plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from comenq_core.protocols import Intake, Poster
from comenq_core.settings import Secret, Settings
from comenq_core.testing.contract import IntakeContract, PosterContract
from comenq_core.testing.contract.github_forge import GitHubForge
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
        return lambda **members: refusal(path, members)

    @pytest.fixture
    def hand_in_nonsense(self, path: Path) -> Callable[[], str]:
        """Send a line of JSON with other members."""
        return lambda: refusal(path, {"title": "Release notes"})


def refusal(path: Path, request: object) -> str:
    """The message of the daemon's answer; empty if it has acknowledged the request."""
    until(path.exists)
    with Talker(path) as client:
        return str(client.ask(request).get("message", ""))


class TestGitHubPoster(PosterContract):
    @pytest.fixture
    def forge(self) -> Iterator[GitHubForge]:
        """Serve the stand-in."""
        with GitHubForge() as forge:
            yield forge

    @pytest.fixture
    def make_poster(self, forge: GitHubForge) -> Callable[[str, float], Poster]:
        """Make the poster of one token."""
        return partial(poster_of, forge.stand_in.url)


def poster_of(url: str, token: str, seconds: float) -> Poster:
    """The one poster that the settings give."""
    settings = Settings(
        github_api_url=url, github_token=Secret(token), github_api_timeout_secs=seconds
    )
    (poster,) = make_posters(settings)
    return poster
