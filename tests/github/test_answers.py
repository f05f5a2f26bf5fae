"""What is said on a pull request, and where the token goes for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.errors import ComenqError, InvalidRequest
from comenq_core.model import Answer, Channel
from comenq_core.settings import Secret, Settings
from comenq_core.testing.forge import Account, Forge
from comenq_plugins.github import make_posters
from comenq_plugins.github.answers import Place, place

PULL = "https://github.com/o/r/pull/7"
TOKEN = "ghp_canary0123456789"
OTHER = "gho_another0123456789"


@pytest.fixture
def quiet(forge: Forge) -> Forge:
    """A stand-in on which nobody has reviewed."""
    forge.answer_always(method="GET", path="/reviews", status=200, body=[])
    return forge


@pytest.fixture
def elsewhere() -> Iterator[Forge]:
    """Another host."""
    with Forge() as running:
        yield running


def answers(forge: Forge, url: str = PULL, **settings: object) -> list[Answer]:
    """What is said there."""
    given = {"github_token": Secret(TOKEN), **settings}
    made = Settings(github_api_url=forge.url, **given)  # type: ignore[arg-type]
    return list(make_posters.answers(made, url, token=OTHER))


@pytest.mark.parametrize(
    ("end", "path"),
    [
        ("", ""),
        ("/", ""),
        ("/files", ""),
        ("#issuecomment-9", "issues/comments/9"),
        ("#pullrequestreview-9", "pulls/7/reviews/9"),
        ("#discussion_r9", "pulls/comments/9"),
        ("/files#discussion_r9", "pulls/comments/9"),
    ],
)
def test_an_address_names_a_place(end: str, path: str) -> None:
    """As browsers show it."""
    assert place(PULL + end, "github.com") == Place(owner="o", repo="r", number=7, path=path)


@pytest.mark.parametrize("host", ["git.example.org", "git.example.org:8443", "tools.ghe.com"])
def test_the_host_is_the_forges(host: str) -> None:
    """No other host is asked, not even github.com."""
    assert place(f"https://{host}/o/r/pull/7", host).owner == "o"
    with pytest.raises(InvalidRequest, match="is not on"):
        place(PULL, host)


def test_no_error_shows_a_password() -> None:
    """A password in an address is left out, whatever is wrong with the address."""
    with pytest.raises(InvalidRequest) as raised:
        place("https://octocat:secret@github.com/o/r/pull/1", "github.com")
    assert "https://github.com/o/r/pull/1: expected" in str(raised.value)


def test_a_comment_that_was_edited_is_an_edit(quiet: Forge) -> None:
    """Texts come as they were written, the one that changed last at the end."""
    first = quiet.add_comment("o", "r", 7, body="a\r\nb", login="x[bot]")
    found = answers(quiet)
    assert found == [Answer(login="x[bot]", channel=Channel.COMMENT, text="a\r\nb")]
    quiet.add_comment("o", "r", 8, body="elsewhere")
    assert answers(quiet, f"{PULL}#issuecomment-{first.id}") == found


def test_a_review_is_read(forge: Forge) -> None:
    """Reviews stand beside the comments; one without a text is empty."""
    review = {"user": {"login": "y"}, "body": None, "submitted_at": "2026-11-01T00:00:00Z"}
    forge.answer_always(method="GET", path="/reviews", status=200, body=[review])
    assert answers(forge) == [Answer(login="y", channel=Channel.REVIEW, text="")]


def test_the_last_page_is_read(quiet: Forge) -> None:
    """The newest of hundreds of comments, and the first, which bots edit."""
    for number in range(301):
        quiet.add_comment("o", "r", 7, body=f"{number}")
    texts = [one.text for one in answers(quiet)]
    assert {"0", "99", "300"} <= set(texts)
    assert "150" not in texts


def test_the_token_of_the_settings_is_sent(quiet: Forge) -> None:
    """Where it can be read."""
    answers(quiet)
    assert {one.token for one in quiet.requests} == {TOKEN}


def test_without_a_token_none_is_sent(quiet: Forge, tmp_path: Path) -> None:
    """The one of the public API goes to no other API."""
    quiet.set_accounts({"": Account()})
    answers(quiet, github_token=None, github_token_file=str(tmp_path / "missing"))
    assert not any("authorization" in one.headers for one in quiet.requests)


def test_the_token_follows_no_redirect_to_another_host(forge: Forge, elsewhere: Forge) -> None:
    """The other host is not even asked."""
    forge.answer_always(method="GET", status=302, headers={"Location": f"{elsewhere.url}/x"})
    with pytest.raises(ComenqError, match="redirected to"):
        answers(forge)
    assert not elsewhere.requests


def test_a_last_page_on_another_host_is_not_asked(quiet: Forge, elsewhere: Forge) -> None:
    """A link is a redirect by another name."""
    link = {"Link": f'<{elsewhere.url}/x>; rel="last"'}
    quiet.answer_always(method="GET", path="/comments", headers=link, status=200, body=[])
    assert answers(quiet) == []
    assert not elsewhere.requests


def test_what_is_not_shown_is_an_error(forge: Forge) -> None:
    """The error says why, and shows no token."""
    with pytest.raises(ComenqError) as error:
        answers(forge, f"{PULL}#issuecomment-1")
    assert "404" in str(error.value)
    assert TOKEN not in str(error.value)
