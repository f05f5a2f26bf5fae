"""Makes pages from templates; whatever comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

__all__ = ["Templates"]


class Templates:
    """The templates of this package."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("comenq_plugins.http"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, request: Request, name: str, values: Mapping[str, object]) -> str:
        """A page or a part of one, as HTML.

        Args:
            request: for the addresses of routes: ``url(NAME)``.
            name: the template's file.
            values: what it shows.
        """

        def url(route: str, **path: object) -> str:
            return request.url_for(route, **path).path

        return self._environment.get_template(name).render(values, url=url)

    def response(
        self, request: Request, name: str, values: Mapping[str, object], *, status: int = 200
    ) -> HTMLResponse:
        """A page as a response."""
        return HTMLResponse(self.render(request, name, values), status)
