"""A poster for comenq: comments become notes on GitLab's merge requests.

``replies`` and ``notes`` are pure; ``transport`` sends requests, ``options`` reads the settings and
the token, and ``poster`` connects them.
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
    return {"gitlab": _Factory()}


class _Factory:
    """Makes the poster, and says what it is for.

    See `comenq_core.protocols.ForgeHost` and `comenq_core.protocols.ThreadDirectory`.
    """

    def __call__(self, settings: Settings) -> Sequence[Poster]:
        # Every process imports this module, but only some make posters.
        from comenq_gitlab.poster import make_posters

        return make_posters(settings)

    def can_reply(self, settings: Settings) -> bool:  # noqa: ARG002 -- with no settings
        return False

    def host(self, settings: Settings) -> str:
        from comenq_gitlab.options import host_of

        return host_of(settings)
