"""The GitHub poster: comments through the REST API, one attempt at a time.

``http.responses``, ``http.refusals``, ``http.rate_limit``, ``http.redirects``, ``http.comments``
and ``matching`` decide and touch nothing; ``http.deadline`` and ``http.transport`` send; ``auth``
and ``app`` say with which credential, and ``identity`` whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from comenq_core import hookimpl
from comenq_core.protocols import Poster, PosterFactory

if TYPE_CHECKING:
    from comenq_core.model import Answer
    from comenq_core.settings import Settings

__all__ = ["comenq_posters", "make_posters"]


class _Factory:
    """Makes the posters, and names their accounts for those who post nothing."""

    def __call__(self, settings: Settings) -> Sequence[Poster]:
        """Raises as `comenq_plugins.github.poster.posters`."""
        # Only a worker posts; a listener that loads this plugin does without requests.
        from comenq_plugins.github.poster import posters

        return posters(settings)

    def accounts(self, settings: Settings) -> Mapping[str, Sequence[str]]:
        from comenq_plugins.github.auth.sources import configured

        return {name: account.repositories for name, account in configured(settings).items()}

    def can_reply(self, settings: Settings) -> bool:  # noqa: ARG002 -- GitHub has threads anywhere
        return True

    def host(self, settings: Settings) -> str:
        from comenq_core.settings.host import host_of

        return settings.github_host or host_of(settings.github_api_url)

    def answers(self, settings: Settings, url: str, *, token: str = "") -> Sequence[Answer]:
        from comenq_plugins.github.answers import answers

        return answers(settings, url, host=self.host(settings), token=token)


make_posters = _Factory()
"""The factory of posters, which has the abilities of a factory, too."""


@hookimpl
def comenq_posters() -> Mapping[str, PosterFactory]:
    """Offer GitHub, and what speaks the same API."""
    return {"github": make_posters}
