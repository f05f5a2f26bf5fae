"""The application: which path leads where."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from comenq_core.errors import ComenqError
from comenq_core.protocols import Queue
from comenq_plugins.http.access import Access
from comenq_plugins.http.api.application import Api
from comenq_plugins.http.assets import Assets
from comenq_plugins.http.guard import Guard
from comenq_plugins.http.limits import Limits
from comenq_plugins.http.login import Login
from comenq_plugins.http.options import Options
from comenq_plugins.http.page.routes import Page
from comenq_plugins.http.problems import Problem, problem_of
from comenq_plugins.http.templates import Templates

__all__ = ["make_app"]

_HTTP_PROBLEMS = {
    404: ("no_such_page", "Nothing is at this path; /openapi.json lists what there is."),
    405: ("method_not_allowed", "This path has no such method; Allow lists those that it has."),
}


def make_app(queue: Queue, options: Options, port: int | None, limits: Limits) -> ASGIApp:
    """The page and the API of a queue.

    Args:
        queue: the queue.
        options: where it is served, and for whom.
        port: the port that it listens on; ``None`` for a Unix socket.
        limits: what clients may cost.
    """
    shown_port = urlsplit(options.url).port or port
    access = Access(
        options.tokens_file,
        f"comenq_{shown_port}" if shown_port else "comenq",
        options.prefix,
        is_secure=options.is_secure,
    )
    assets = Assets()
    templates = Templates(assets)
    app = Starlette(
        routes=[
            Route("/healthz", _healthz),
            *assets.routes(),
            *Login(access, templates).routes(),
            *Page(queue, access, templates).routes(),
            *Api(queue, access).routes(),
        ],
        exception_handlers={
            HTTPException: _http_problem,
            Problem: _problem,
            ComenqError: _queue_problem,
            Exception: _internal,  # the guard has it in the log
        },
    )
    # A path has one address: a redirect would name the host that the client has named.
    app.router.redirect_slashes = False
    return Guard(app, options.allowed_hosts(port), options.prefix, limits)


async def _healthz(_request: Request) -> Response:
    """It lives; nothing else is told to who has no token."""
    return PlainTextResponse("ok\n")


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _HTTP_PROBLEMS.get(error.status_code, ("refused", str(error.detail)))
    problem = Problem(error.status_code, code, detail, headers=error.headers)
    return problem.response(request.scope)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(request.scope)


async def _queue_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ComenqError)
    return problem_of(error).response(request.scope)


async def _internal(request: Request, _error: Exception) -> Response:
    return Problem.internal().response(request.scope)
