"""The login form: a browser shows the token once, and a cookie from then on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from comenq_core.process.log import Log
from comenq_core.text import printable
from comenq_plugins.http.access import Access, check_origin
from comenq_plugins.http.forms import read_form
from comenq_plugins.http.templates import Templates

__all__ = ["Login"]

log = Log("http")


class Login:
    """Logs browsers in and out.

    Args:
        access: tells clients by their tokens.
        templates: the pages.
    """

    def __init__(self, access: Access, templates: Templates) -> None:
        self._access = access
        self._templates = templates

    def routes(self) -> Sequence[Route]:
        """Where it answers."""
        return [
            Route("/login", self._login, methods=["GET", "POST"], name="login"),
            Route("/logout", self._log_out, methods=["POST"], name="logout"),
        ]

    async def _login(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._log_in(request)
        return self._shown(request, request.query_params.get("next", ""))

    async def _log_in(self, request: Request) -> Response:
        check_origin(request)
        form = await read_form(request)
        token, wanted = self._access.log_in(form.get("token", "")), form.get("next", "")
        if token is None:
            log.warning("login_refused", "Somebody has tried to log in without a token of ours.",
                        client=request.client.host if request.client else None)  # fmt: skip
            fault = "This is no token of this daemon. comenqd token create NAME makes one."
            return self._shown(request, wanted, fault)
        page = request.url_for("page").path
        response = RedirectResponse(wanted if _is_below(page, wanted) else page, 303)
        self._access.remember(response, token)
        log.info("logged_in", "A browser has logged in.", token=printable(token.name))
        return response

    def _shown(self, request: Request, wanted: str, fault: str = "") -> Response:
        values = {"fault": fault, "next": wanted}
        status = 403 if fault else 200
        return self._templates.response(request, "login.html", values, status=status)

    async def _log_out(self, request: Request) -> Response:
        check_origin(request)
        response = RedirectResponse(request.url_for("login").path, 303)
        self._access.forget(response)
        return response


def _is_below(page: str, wanted: str) -> bool:
    """Whether an address leads to one of our pages, and a browser reads it as no other site."""
    below = r"(?!/)[A-Za-z0-9._~/-]*(?:\?[A-Za-z0-9._~/%&=+-]*)?"
    return re.fullmatch(re.escape(page) + below, wanted) is not None
