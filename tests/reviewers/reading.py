"""Reads answers as the shipped profiles do."""

from __future__ import annotations

from comenq_core.model import Answer, Channel, Reading
from comenq_core.protocols import Reviewer
from comenq_core.settings import Settings
from comenq_plugins.reviewers import make_reviewers

__all__ = ["REVIEWERS", "answer", "read"]

REVIEWERS: dict[str, Reviewer] = {one.name: one for one in make_reviewers(Settings())}
"""The shipped reviewers, by name."""


def answer(name: str, text: str, channel: str = "comment", login: str | None = None) -> Answer:
    """An answer of a reviewer's own, unless another ``login`` is given."""
    own = REVIEWERS[name].logins[0] if login is None else login
    return Answer(login=own, channel=Channel(channel), text=text)


def read(name: str, text: str, channel: str = "comment", login: str | None = None) -> Reading:
    """What the shipped profile makes of an answer."""
    return REVIEWERS[name].read(answer(name, text, channel, login))
