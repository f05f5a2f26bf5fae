from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from comenq_core.model import CommentRequest, Job, Origin
from comenq_core.settings import Secret, Settings
from comenq_core.testing.forge import Forge
from comenq_plugins.github.poster import GitHubPoster, posters

TOKEN = "ghp_canary0123456789"

MakePoster = Callable[..., GitHubPoster]


@pytest.fixture
def forge() -> Iterator[Forge]:
    """Serve a stand-in."""
    with Forge() as running:
        yield running


@pytest.fixture
def make_poster() -> MakePoster:
    """Make the one poster of some settings, which have a token unless they say otherwise."""

    def make(url: str, **settings: object) -> GitHubPoster:
        given: dict[str, object] = {"github_token": Secret(TOKEN), **settings}
        (poster,) = posters(Settings(github_api_url=url, **given))  # type: ignore[arg-type]
        assert isinstance(poster, GitHubPoster)
        return poster

    return make


@pytest.fixture
def poster(forge: Forge, make_poster: MakePoster) -> GitHubPoster:
    """Post to the stand-in."""
    return make_poster(forge.url)


def a_job(body: str = "Looks good", number: int = 7, **members: object) -> Job:
    """Make a job for o/r#7, unless the members say otherwise."""
    given = {"owner": "o", "repo": "r", "pr_number": number, "body": body, **members}
    request = CommentRequest(**given)  # type: ignore[arg-type]
    return Job(
        id="0123456789ab", request=request, arrived=datetime.now(UTC), origin=Origin(intake="test")
    )
