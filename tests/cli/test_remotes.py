"""Reading the addresses of git remotes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.cli.comenq.remotes import NoRepository, Repository, read_name, read_remote
from comenq_core.limits import OWNER_PATTERN, REPO_PATTERN

owners = st.from_regex(OWNER_PATTERN, fullmatch=True)
repos = st.from_regex(REPO_PATTERN, fullmatch=True).filter(
    lambda name: not name.endswith((".git", ".wiki"))
)
SECRET = "s3cret"
FORMS = (
    "git@{host}:{slug}.git",
    "{host}:{slug}",
    "ssh://git@{host}/{slug}.git",
    "ssh://git@{host}:22/{slug}",
    "git+ssh://git@{host}/{slug}.git",
    "ssh+git://git@{host}/{slug}.git",
    "git://{host}/{slug}.git",
    "https://{host}/{slug}",
    "https://{host}/{slug}.git/",
    "https://{host}:443/{slug}",
    "http://{host}:80/{slug}",
    "https://www.{host}/{slug}",
    f"https://me:{SECRET}@{{host}}/{{slug}}.git",
    f"https://github.com@me:{SECRET}@{{host}}/{{slug}}.git",
)


@given(owner=owners, name=repos, host=st.sampled_from(["github.com", "git.example.org"]))
def test_all_forms_name_the_same_repository(owner: str, name: str, host: str) -> None:
    """Each form that git accepts for a forge gives the owner, the repository and the host."""
    read = [read_remote(form.format(host=host, slug=f"{owner}/{name}")) for form in FORMS]
    assert read == [Repository(owner, name, host)] * len(FORMS)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("ssh://git@ssh.github.com:443/o/r.git", "github.com"),
        ("https://github.com@evil.example/o/r", "evil.example"),
        (f"https://me:{SECRET}@GIT.example.org:8443/o/r", "git.example.org:8443"),
        ("ssh://git@git.example.org:8022/o/r", "git.example.org"),
        ("https://[::1]:3000/o/r.git", "[::1]:3000"),
    ],
)
def test_host_is_that_of_the_pages(url: str, host: str) -> None:
    """It is what git would connect to; a port of ssh has nothing to do with the pages."""
    assert read_remote(url) == Repository("o", "r", host)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("git@github.com:o/r.wiki.git", "wiki"),
        ("https://github.com/o/r.wiki.git", "wiki"),
        (f"https://me:{SECRET}@gist.github.com/o/0123456789abcdef.git", "gist"),
        ("https://git.example.org/gist/0123456789abcdef.git", "gist"),
        (f"https://me:{SECRET}@gitlab.com/group/sub/r.git", "not OWNER/REPO"),
        ("https://github.com/o", "not OWNER/REPO"),
        ("https://github.com/o/..", "not OWNER/REPO"),
        ("https://github.com/o/r\n", "not on a forge"),
        ("https://github.com\\@evil.example/o/r", "not on a forge"),
        ("https://github.com./o/r", "not on a forge"),
        ("file:///srv/o/r.git", "not on a forge"),
        ("ftp://github.com/o/r", "not on a forge"),
        ("/srv/git/r.git", "not on a forge"),
        ("../r", "not on a forge"),
        ("", "not on a forge"),
    ],
)
def test_address_without_pull_requests_is_refused(url: str, told: str) -> None:
    """What is no repository of a forge is refused, with the reason and without the address."""
    with pytest.raises(NoRepository, match=told) as caught:
        read_remote(url)
    assert SECRET not in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes it fail in another way."""
    with suppress(NoRepository):
        assert read_name(text).name


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        ("o/r", Repository("o", "r", None)),
        ("o/r.git", Repository("o", "r", None)),
        ("GHE.example.com/o/r", Repository("o", "r", "ghe.example.com")),
        ("www.github.com/o/r", Repository("o", "r", "github.com")),
        ("https://github.com/o/r", Repository("o", "r", "github.com")),
        ("git@github.com:o/r.git", Repository("o", "r", "github.com")),
    ],
)
def test_repository_is_named_as_for_gh(text: str, repository: Repository) -> None:
    """A name may have a host, and an address is as good."""
    assert read_name(text) == repository


def test_repositories_are_compared_as_forges_do() -> None:
    """Case does not count, another host does, and an unnamed host may be any."""
    one = Repository("o", "r", "github.com")
    others = [
        Repository("O", "R", "github.com"),
        Repository("o", "r", None),
        Repository("o", "r", "git.example.org"),
        Repository("o", "s", "github.com"),
    ]
    assert [one.is_same_repository(other) for other in others] == [True, True, False, False]
