"""The GitHub poster: comments through the REST API, one attempt at a time.

``http.responses``, ``http.refusals``, ``http.rate_limit``, ``http.redirects``, ``http.comments``
and ``matching`` decide and touch nothing; ``http.deadline`` and ``http.transport`` send; ``auth``
says with which credential.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from comenq_core import hookimpl
from comenq_core.protocols import Poster, PosterFactory

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["comenq_posters", "make_posters"]


def make_posters(settings: Settings) -> Sequence[Poster]:
    """Raises as `comenq_plugins.github.poster.posters`."""
    # Only a worker posts; a listener that loads this plugin does without requests.
    from comenq_plugins.github.poster import posters

    return posters(settings)


@hookimpl
def comenq_posters() -> Mapping[str, PosterFactory]:
    """Offer GitHub, and what speaks the same API."""
    return {"github": make_posters}
