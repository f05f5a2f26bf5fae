"""Makes pages from templates; whatever comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from comenq_core.text import printable
from comenq_plugins.http.assets import Assets

__all__ = ["Templates", "utc"]


class Templates:
    """The templates of this package.

    Args:
        assets: the files that pages name.
    """

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environment = Environment(
            loader=PackageLoader("comenq_plugins.http"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"utc": utc, "printable": printable}

    def render(self, request: Request, name: str, values: Mapping[str, object]) -> str:
        """A page or a part of one, as HTML.

        Args:
            request: for the addresses of routes, ``url(NAME)``, and of files, ``asset(NAME)``.
            name: the template's file.
            values: what it shows.
        """

        def url(route: str, **path: object) -> str:
            return request.url_for(route, **path).path

        def asset(file: str) -> str:
            return url("static", version=self._assets.version(file), name=file)

        return self._environment.get_template(name).render(values, url=url, asset=asset)

    def response(
        self, request: Request, name: str, values: Mapping[str, object], *, status: int = 200
    ) -> HTMLResponse:
        """A page as a response."""
        return HTMLResponse(self.render(request, name, values), status)


def utc(at: str) -> str:
    """An instant for browsers without a script: ``2026-12-01 09:00 UTC``."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
