"""Where the page answers browsers: what it shows, and what its forms post."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from comenq_core.errors import ComenqError
from comenq_core.model.access import Scope
from comenq_core.model.rights import Rights
from comenq_core.protocols import Queue
from comenq_core.text import printable
from comenq_core.wire.digest import text_digest
from comenq_plugins.http.access import Access
from comenq_plugins.http.etags import is_known
from comenq_plugins.http.forms import read_form
from comenq_plugins.http.page.board import read_board, read_job
from comenq_plugins.http.page.changes import CHANGES
from comenq_plugins.http.page.jobs import JobView, whole_text
from comenq_plugins.http.page.listing import Offsets
from comenq_plugins.http.page.notices import notice
from comenq_plugins.http.page.past import KEPT_SECONDS, Past
from comenq_plugins.http.page.texts import survives_a_form
from comenq_plugins.http.page.visit import Visit
from comenq_plugins.http.page.weeks import chart
from comenq_plugins.http.problems import Problem, problem_of
from comenq_plugins.http.templates import Templates

__all__ = ["Page"]

Show = Callable[[Visit], Response]

NARROW_DAYS = 12
UNAUTHORIZED = 401
PLOT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": f"private, max-age={KEPT_SECONDS:.0f}",
}
"""The plot is an image with a style of its own, which knows the dark."""


class Page:
    """The page of a queue.

    Args:
        queue: the queue.
        access: tells clients by their tokens.
        templates: what the page is made of.
    """

    def __init__(self, queue: Queue, access: Access, templates: Templates) -> None:
        self._queue = queue
        self._access = access
        self._templates = templates
        self._past = Past(queue)
        self._forms: Mapping[str, Show] = {
            "edit": self._edit,
            "resolve": self._job,
            "new": self._new,
        }

    def routes(self) -> Sequence[Route]:
        """Where it answers."""
        shown: Mapping[str, tuple[str, Show, Scope]] = {
            "page": ("/", self._board, Scope.READ),
            "new": ("/new", self._new, Scope.QUEUE),
            "job": ("/jobs/{id}", self._job, Scope.READ),
            "edit": ("/jobs/{id}/edit", self._edit, Scope.QUEUE),
            "delete": ("/jobs/{id}/delete", self._delete, Scope.QUEUE),
            "weeks": ("/weeks", self._weeks, Scope.READ),
            "plot": ("/weeks.svg", self._plot, Scope.READ),
        }
        return [
            *(
                Route(path, self._answering(show, scope), methods=["GET"], name=name)
                for name, (path, show, scope) in shown.items()
            ),
            *(
                Route(
                    change.path,
                    self._answering(partial(self._change, name), change.scope),
                    methods=["POST"],
                    name=f"{name}_form",
                )
                for name, change in CHANGES.items()
            ),
        ]

    def _answering(self, show: Show, scope: Scope) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                client = self._access.client(request, scope)
                form = await read_form(request) if request.method == "POST" else {}
                visit = Visit(request=request, client=client, form=form)
                return await run_in_threadpool(show, visit)
            except Problem as problem:
                return self._refusal(request, problem)
            except ComenqError as error:
                return self._refusal(request, problem_of(error))

        return answer

    def _refusal(self, request: Request, problem: Problem) -> Response:
        if problem.status == UNAUTHORIZED:
            wanted = str(request.url.replace(scheme="", netloc=""))
            back = urlencode({"next": wanted} if request.method == "GET" else {})
            login = request.url_for("login").path
            return RedirectResponse(f"{login}?{back}" if back else login, 303)
        values = {"title": problem.title, "detail": problem.detail}
        response = self._templates.response(request, "error.html", values, status=problem.status)
        response.headers.update(problem.headers)
        return response

    def _change(self, name: str, visit: Visit) -> Response:
        try:
            done = CHANGES[name].make(self._queue, visit)
        except ComenqError as error:
            if name not in self._forms:
                raise
            problem = problem_of(error)
            response = self._forms[name](replace(visit, fault=printable(problem.detail)))
            response.status_code = problem.status
            return response
        told = {"notice": done.code, **({"job": done.job} if done.job else {})}
        offsets = Offsets.read(visit.form)
        page = visit.request.url_for("page").path
        return RedirectResponse(f"{page}?{urlencode({**offsets.of, **told})}", 303)

    def _board(self, visit: Visit) -> Response:
        offsets, now = Offsets.read(visit.query), datetime.now(UTC)
        text, job = notice(visit.query)
        values = {
            "board": read_board(self._queue, offsets, now, self._rights(visit)),
            "offsets": offsets,
            "notice": text,
            "notice_job": job,
        }
        return self._page(visit, "page.html", values)

    def _rights(self, visit: Visit) -> Rights:
        return self._queue.rights(visit.client.origin)

    def _read(self, visit: Visit) -> tuple[JobView, Mapping[str, Any]]:
        return read_job(self._queue, visit.job_id, datetime.now(UTC), self._rights(visit))

    def _job(self, visit: Visit) -> Response:
        view, job = self._read(visit)
        return self._page(visit, "job.html", {"job": view, "raw": job, "text": whole_text(job)})

    def _delete(self, visit: Visit) -> Response:
        view, _ = self._read(visit)
        values = {"job": view, "offsets": Offsets.read(visit.query)}
        return self._page(visit, "delete.html", values)

    def _edit(self, visit: Visit) -> Response:
        view, job = self._read(visit)
        text = job["body"] or ""
        values = {
            "job": view,
            "text": visit.form.get("body", text),
            "was": visit.form["was"] if "was" in visit.form else text_digest(text),
            "survives": survives_a_form(text),
        }
        return self._page(visit, "edit.html", values)

    def _new(self, visit: Visit) -> Response:
        # The same form, sent twice, queues one comment.
        values = {"form": visit.form, "key": visit.form.get("key") or secrets.token_urlsafe()}
        return self._page(visit, "new.html", values)

    def _weeks(self, visit: Visit) -> Response:
        return self._page(visit, "weeks.html", {"days": self._past.days()[::-1]})

    def _plot(self, visit: Visit) -> Response:
        days = self._past.days()
        shown = days[-NARROW_DAYS:] if "narrow" in visit.query else days
        text = self._templates.render(visit.request, "weeks.svg", {"chart": chart(shown)})
        return _with_etag(visit, Response(text, headers=PLOT_HEADERS, media_type="image/svg+xml"))

    def _page(self, visit: Visit, template: str, values: Mapping[str, Any]) -> Response:
        shared = {
            "token": visit.client.token.name,
            "is_browser": visit.client.is_browser,
            "may_queue": visit.client.may(Scope.QUEUE),
            "may_manage": visit.client.may(Scope.MANAGE),
            "may_steer": visit.client.may(Scope.MANAGE) and self._rights(visit).whole_queue,
            "may_change": visit.client.may_change,
            "fault": visit.fault,
        }
        response = self._templates.response(visit.request, template, {**shared, **values})
        return response if visit.form else _with_etag(visit, response)


def _with_etag(visit: Visit, response: Response) -> Response:
    """The response, or that the browser has it already."""
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    if is_known(visit.request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response
