"""A poster for comenq: comments become notes on GitLab's merge requests.

``replies`` and ``notes`` decide and touch nothing; ``transport`` sends, ``options`` says where to
and with which token, and ``poster`` holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from comenq_core import hookimpl

if TYPE_CHECKING:
    from comenq_core import Poster, Settings
    from comenq_core.protocols import PosterFactory

__all__ = ["comenq_posters"]


@hookimpl
def comenq_posters() -> Mapping[str, PosterFactory]:
    """Offer the poster ``gitlab``."""
    return {"gitlab": _make}


def _make(settings: Settings) -> Sequence[Poster]:
    # Every process loads this module, but only the worker posts.
    from comenq_gitlab.poster import make_posters

    return make_posters(settings)
