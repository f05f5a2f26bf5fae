"""The reviewers that profiles describe: those that are shipped, and those of ``[reviewers.NAME]``.

``scanner``, ``lines`` and ``parts`` take an answer apart, ``phrases`` is the language of rules,
``profile`` checks a table, ``reader`` reads. All of them decide, and touch nothing outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from comenq_core import hookimpl
from comenq_core.protocols import ReviewerFactory

if TYPE_CHECKING:
    from comenq_core.protocols import Reviewer
    from comenq_core.settings import Settings

__all__ = ["comenq_reviewers", "make_reviewers"]


def make_reviewers(settings: Settings) -> list[Reviewer]:
    """Every reviewer of `comenq_plugins.reviewers.shipped.profiles`, which says what it raises."""
    # Only who reads answers needs them.
    from comenq_plugins.reviewers.reader import ProfileReviewer
    from comenq_plugins.reviewers.shipped import profiles

    return [ProfileReviewer(one) for one in profiles(settings)]


@hookimpl
def comenq_reviewers() -> Mapping[str, ReviewerFactory]:
    """Offer what profiles describe."""
    return {"profiles": make_reviewers}
