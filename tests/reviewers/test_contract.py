"""The shipped reviewers keep the contract of all reviewers."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from comenq_core.model import Answer
from comenq_core.protocols import Reviewer
from comenq_core.testing.contract import ReviewerContract
from tests.reviewers.reading import REVIEWERS, answer


class Sample(NamedTuple):
    """A trigger, and two answers, each with its channel."""

    trigger: str
    limited: tuple[str, str]
    reviewed: tuple[str, str]


SAMPLES = {
    "coderabbit": Sample(
        "@coderabbitai review",
        ("> [!WARNING]\n> ## Review limit reached\n>\n> wait 5 minutes", "edit"),
        ("**Actionable comments posted: 2**", "review"),
    ),
    "codex": Sample(
        "@codex review",
        ("You have reached your Codex usage limits for code reviews.", "comment"),
        ("### Codex Review\n\nHere are some suggestions.", "review"),
    ),
    "bugbot": Sample(
        "bugbot run",
        ("### Bugbot couldn't run - usage limit reached", "comment"),
        ("Bugbot reviewed your changes and found no new issues!", "review"),
    ),
    "gemini": Sample(
        "/gemini review",
        ("> [!WARNING]\n> You have reached your daily quota limit.", "comment"),
        ("## Code Review\n\nThis pull request moves a file.", "review"),
    ),
    "greptile": Sample(
        "@greptileai review",
        ("octo-org has reached the 50-credit limit for trial accounts", "comment"),
        ("Greptile has reviewed the Pull Request.", "status"),
    ),
    "sourcery": Sample(
        "@sourcery-ai review",
        ("Sorry @octocat, you have reached your weekly rate limit of 500000 diff characters.",
         "review"),
        ("Hey - I've found 2 issues.", "review"),
    ),
    "claude": Sample(
        "@claude please review",
        ("You've hit your weekly limit.", "comment"),
        ("**Claude finished @octocat's task**", "edit"),
    ),
}  # fmt: skip


class TestShippedReviewer(ReviewerContract):
    @pytest.fixture(params=SAMPLES)
    def name(self, request: pytest.FixtureRequest) -> str:
        """The name of each reviewer whose limits are known: nobody has seen one of Qodo's."""
        return str(request.param)

    @pytest.fixture
    def reviewer(self, name: str) -> Reviewer:
        """The shipped one."""
        return REVIEWERS[name]

    @pytest.fixture
    def trigger(self, name: str) -> str:
        """As people write it."""
        return SAMPLES[name].trigger

    @pytest.fixture
    def limited(self, name: str) -> Answer:
        """In the words of today."""
        return answer(name, *SAMPLES[name].limited)

    @pytest.fixture
    def reviewed(self, name: str) -> Answer:
        """In the words of today."""
        return answer(name, *SAMPLES[name].reviewed)
