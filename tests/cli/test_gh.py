"""What gh would take for the repository, and what comenq takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from comenq_core.cli.comenq.checkout import remotes
from comenq_core.cli.comenq.inference import repository_of
from comenq_core.cli.exit_status import UsageError
from tests.cli.checkouts import Checkout

pytestmark = pytest.mark.skipif(not shutil.which("gh"), reason="there is no gh here")

FORMS = (
    "git@github.com:octo-org/site.git",
    "git@github.com:/octo-org/site.git/",
    "github.com:octo-org/site",
    "GitHub.com:Octo-Org/Site.git",
    "ssh://git@github.com/octo-org/site.git",
    "ssh://git@github.com:22/octo-org/site.git",
    "ssh://git@ssh.github.com:443/octo-org/site.git",
    "git+ssh://git@github.com/octo-org/site.git",
    "git://github.com/octo-org/site.git",
    "http://github.com/octo-org/site",
    "https://github.com/octo-org/site",
    "https://github.com/octo-org/site.git/",
    "https://github.com:443/octo-org/site",
    "https://www.github.com/octo-org/site",
    "https://me:s3cret@github.com/octo-org/site.git",
)
ELSEWHERE = (
    "https://github.com@evil.example/octo-org/site",
    "https://gist.github.com/octo-org/0123456789abcdef.git",
    "git@gist.github.com:0123456789abcdef.git",
    "https://gitlab.com/group/sub/site.git",
    "https://github.com/octo-org/site/tree/main",
    "/srv/git/site.git",
    "file:///srv/git/site.git",
    "../site",
)


def _ours(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of the repository that comenq takes, or ``""``."""
    monkeypatch.chdir(checkout.path)
    for name, value in checkout.variables.items():
        monkeypatch.setenv(name, value)
    try:
        repository = repository_of(remotes(), lambda: "github.com")
    except UsageError:
        return ""
    return f"https://{repository}" if repository.host == "github.com" else ""


@pytest.mark.parametrize("url", FORMS)
def test_address_is_read_as_gh_reads_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """For each form of an address, both take the same repository."""
    checkout = Checkout(directory / "site", origin=url)
    page = checkout.gh("browse", "--no-browser")
    assert page.lower() == "https://github.com/octo-org/site"
    assert _ours(checkout, monkeypatch) == page


@pytest.mark.parametrize("url", ELSEWHERE)
def test_address_that_gh_does_not_take_is_not_taken(
    directory: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """An address of no repository on github.com gives none, with both."""
    checkout = Checkout(directory / "site", origin=url)
    assert (checkout.gh("browse", "--no-browser"), _ours(checkout, monkeypatch)) == ("", "")


@pytest.mark.parametrize("resolved", ["base", "top/site"])
def test_choice_of_gh_is_read_as_gh_reads_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch, resolved: str
) -> None:
    """With a note of ``gh repo set-default`` at any remote, both take the same repository."""
    checkout = Checkout(
        directory / "site", origin="git@github.com:o/site", fork="git@github.com:ada/site"
    )
    checkout.git("config", "remote.fork.gh-resolved", resolved)
    page = checkout.gh("browse", "--no-browser")
    assert page in {"https://github.com/ada/site", "https://github.com/top/site"}
    assert _ours(checkout, monkeypatch) == page


def test_instead_of_is_applied_as_by_gh(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is rewritten as git's settings say."""
    checkout = Checkout(directory / "site", origin="gh:octo-org/site")
    checkout.git("config", "url.https://github.com/.insteadOf", "gh:")
    page = checkout.gh("browse", "--no-browser")
    assert page == "https://github.com/octo-org/site"
    assert _ours(checkout, monkeypatch) == page


def test_where_gh_takes_the_first_comenq_takes_none(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a fork and its upstream, gh takes the upstream, although nobody has said so."""
    checkout = Checkout(
        directory / "site", origin="git@github.com:ada/site", upstream="git@github.com:o/site"
    )
    assert checkout.gh("browse", "--no-browser") == "https://github.com/o/site"
    assert _ours(checkout, monkeypatch) == ""


@pytest.mark.parametrize(
    "name", ["o/r", "github.com/o/r", "https://github.com/o/r", "git@github.com:o/r.git"]
)
def test_gh_repo_is_read_as_gh_reads_it(directory: Path, name: str) -> None:
    """``GH_REPO`` may be a name or an address."""
    from comenq_core.cli.comenq.remotes import read_name

    page = Checkout(directory / "site").gh("browse", "--no-browser", GH_REPO=name)
    assert page == "https://github.com/o/r"
    assert read_name(name)[:2] == ("o", "r")
