"""One request of a browser, as what answers it sees it. And what its forms can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from comenq_core.model.access import Scope
from comenq_plugins.http.access import Client

__all__ = ["Visit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of a browser.

    Args:
        request: the request.
        client: whose it is.
        form: what it posts; nothing where it only reads.
        fault: why the form is shown once more, in words; ``""`` where it is not.
    """

    request: Request
    client: Client
    form: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    @property
    def query(self) -> Mapping[str, str]:
        """What the address asks for."""
        return self.request.query_params

    @property
    def job_id(self) -> str:
        """The job that the address names."""
        return str(self.request.path_params["id"])

    def may(self, scope: Scope) -> bool:
        """Whether the client may do what needs this scope."""
        return self.client.token.scope.includes(scope)

    def may_change(self, token: str | None) -> bool:
        """Whether the client may change a comment that was queued with a token of this name."""
        is_own = token == self.client.token.name and self.may(Scope.QUEUE)
        return is_own or self.may(Scope.MANAGE)
