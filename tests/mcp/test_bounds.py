"""What a person lets an agent do."""

from __future__ import annotations

import re

import pytest

from comenq_core.cli.comenq.mcp.bounds import Bounds, OutOfBounds, client_word
from comenq_core.limits import VIA_PATTERN


@pytest.mark.parametrize(
    ("pattern", "repository", "is_covered"),
    [
        ("octo-org/site", "octo-org/site", True),
        ("Octo-Org/Site", "octo-org/SITE", True),
        ("octo-org/*", "octo-org/anything", True),
        ("octo-org/site", "octo-org/site2", False),
        ("octo-org/*", "octo-org2/site", False),
        ("octo-org/s", "octo-org/site", False),
    ],
)
def test_repository_is_covered(pattern: str, repository: str, *, is_covered: bool) -> None:
    """Only the repositories that are named may be, in upper or lower case, or all of an owner."""
    assert Bounds(repositories=(pattern,)).covers(*repository.split("/")) == is_covered


def test_any_repository_is_covered() -> None:
    """Without a list of repositories, any may be named."""
    Bounds().check_repository("octo-org", "site")


def test_refusal_names_the_repositories() -> None:
    """A repository that may not be named is refused, with those that may."""
    with pytest.raises(OutOfBounds, match=r"^o/x is not .* started for: o/r, p/\*$"):
        Bounds(repositories=("o/r", "p/*")).check_repository("o", "x")


@pytest.mark.parametrize(
    ("repositories", "only"),
    [((), None), (("o/r",), "o/r"), (("o/*",), None), (("o/r", "o/s"), None)],
)
def test_one_repository_is_known(repositories: tuple[str, ...], only: str | None) -> None:
    """Where but one repository may be named, it is known which."""
    assert Bounds(repositories=repositories).only_repository == only


@pytest.mark.parametrize(
    ("via", "is_managed"), [("mcp a", True), ("mcp ab", False), ("comenq", False), (None, False)]
)
def test_own_comments_are_managed(via: str | None, *, is_managed: bool) -> None:
    """A server manages what was queued under its own name, and nothing else."""
    job = {"id": "7f3kq2m8x1ab", "origin": {"via": via}}
    assert Bounds().is_managed(job, "mcp a") == is_managed
    assert Bounds(manages_all=True).is_managed(job, "mcp a")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("claude-code", "mcp claude-code"),
        ("", "mcp"),
        ("Ümlaut\n\ud800\x1b[2J", "mcp ?mlaut???[2J"),
        ("a" * 1_000, "mcp " + "a" * 60),
        ("  ", "mcp"),
    ],
)
def test_agents_name_can_be_shown(name: str, word: str) -> None:
    """Whatever an agent's program calls itself, the word for it is short, printable ASCII."""
    assert client_word(name) == word
    assert re.fullmatch(VIA_PATTERN, word)
