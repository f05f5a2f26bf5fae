"""What holds for every request, before it is known whose it is: Host, size, path, headers."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from comenq_core.process.log import Log
from comenq_plugins.http.bodies import Bodies
from comenq_plugins.http.limits import Limits
from comenq_plugins.http.problems import Problem

__all__ = ["Guard"]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

log = Log("http")


class Guard:
    """Lets through what is for this server, and answers the rest.

    Args:
        app: what answers.
        hosts: the values of ``Host`` that are answered, in lower case. A page of another name that
            was made to lead here would otherwise be of the same origin (DNS rebinding).
        prefix: the path below which a proxy shows everything.
        limits: how long a body may be, and all bodies together.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], prefix: str, limits: Limits) -> None:
        self._app = app
        self._hosts = hosts
        self._prefix = prefix
        self._bodies = Bodies(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False

        async def send_guarded(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                headers = MutableHeaders(raw=message["headers"])
                headers["Date"] = formatdate(time.time(), usegmt=True)
                headers.setdefault("Cache-Control", "no-store")
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
            with self._bodies.counted(receive) as counted:
                await self._app(self._within(scope), counted, send_guarded)
        except Problem as problem:
            if is_started:
                raise
            await problem.response(scope)(scope, receive, send_guarded)
        except Exception as error:
            log.error("internal", "A request met an error that is the daemon's own.",
                      method=scope["method"], error=repr(error))  # fmt: skip
            if is_started:
                raise
            await Problem.internal().response(scope)(scope, receive, send_guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        self._check_host(named[0] if len(named) == 1 else "")
        self._bodies.check_length(headers.get("content-length", ""))

    def _check_host(self, host: str) -> None:
        if host.lower() not in self._hosts:
            raise Problem(
                421,
                "misdirected",
                "This server does not serve the host that was named; http.hosts in the daemon's"
                " configuration lists those that it serves.",
            )

    def _path(self, target: str) -> str:
        """The path that a request is for, also where it names a whole address, as proxies do.

        https://www.rfc-editor.org/rfc/rfc9112#section-3.2
        """
        if target.startswith("/"):
            return target
        found = re.fullmatch("https?://([^/]*)(.*)", target, re.IGNORECASE | re.DOTALL)
        if found is None:
            raise Problem(400, "bad_target", "A request names a path, such as /comments.")
        self._check_host(found[1])
        return found[2] or "/"

    def _within(self, scope: Scope) -> Scope:
        """The scope below the prefix, whether or not the proxy has taken the prefix off."""
        path = self._path(scope["path"])
        is_below = self._prefix and path.startswith(f"{self._prefix}/")
        inner = path.removeprefix(self._prefix) if is_below else path
        return {**scope, "root_path": self._prefix, "path": self._prefix + inner}
