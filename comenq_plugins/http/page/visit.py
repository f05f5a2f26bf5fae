"""One request of a browser, as what answers it sees it. And what its forms can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

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
