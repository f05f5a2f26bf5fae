"""Whose request it is, and what it may do: a bearer token, or the cookie of the login form."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from comenq_core.errors import SettingsError
from comenq_core.model import Origin
from comenq_core.model.access import ClientToken, Scope, holder
from comenq_core.process.log import Log
from comenq_core.process.token_file import read_tokens
from comenq_plugins.http.problems import RETRY_SECONDS, Problem

__all__ = ["Access", "Client"]

SESSION_SECONDS = 14 * 86_400
"""After so long, a browser has to show the token again."""
SAFE = frozenset({"GET", "HEAD"})

log = Log("http")


@dataclass(frozen=True, slots=True)
class Client:
    """Who has sent a request.

    Args:
        token: what it has shown.
        is_browser: whether by the cookie of the login form.
    """

    token: ClientToken
    is_browser: bool

    @property
    def origin(self) -> Origin:
        """The client, as jobs remember it."""
        return Origin(intake="http", via=f"http {self.token.name}"[:64], token=self.token.name)

    def may(self, scope: Scope) -> bool:
        """Whether it may do what needs this scope."""
        return self.token.scope.includes(scope)

    def may_change(self, token: str | None) -> bool:
        """Whether it may change a comment that was queued with a token of this name."""
        is_own = token == self.token.name and self.may(Scope.QUEUE)
        return is_own or self.may(Scope.MANAGE)


class Access:
    """Tells clients by their tokens.

    Args:
        tokens_file: the file with the tokens; it is read again once it has changed.
        cookie: the cookie's name. Browsers send it to all ports of a host, so it names the port.
        path: below which browsers send it.
        is_secure: whether they send it by https alone.
    """

    def __init__(self, tokens_file: Path, cookie: str, path: str, *, is_secure: bool) -> None:
        self._file = tokens_file
        self._cookie = cookie
        self._path = path or "/"
        self._is_secure = is_secure
        self._read: tuple[tuple[int, ...], tuple[ClientToken, ...]] | None = None
        self._fault = ""

    def client(self, request: Request, needed: Scope) -> Client:
        """Who has sent a request, if it may do what needs this scope.

        Raises:
            Problem: it may not (401, 403), or nobody can be told (503).
        """
        client = self._shown(request)
        if client is None:
            raise Problem(
                401,
                "unauthorized",
                "A token is needed, as Authorization: Bearer TOKEN; comenqd token create makes"
                " one.",
                headers={"WWW-Authenticate": 'Bearer realm="comenq"'},
            )
        if client.is_browser and request.method not in SAFE:
            check_origin(request)
        if not client.may(needed):
            raise Problem(
                403,
                "not_permitted",
                f"The token {client.token.name} has the scope {client.token.scope}; this needs"
                f" {needed}.",
            )
        return client

    def browser(self, request: Request) -> Client | None:
        """Who is logged in with a browser, if anybody is. Raises as `client`."""
        shown = self._shown(request)
        return shown if shown and shown.is_browser else None

    def log_in(self, token: str) -> ClientToken | None:
        """Whose token it is, if it is one. Raises as `client`."""
        return holder(self._tokens(), token.strip())

    def remember(self, response: Response, token: ClientToken) -> None:
        """Have the browser show by a cookie from now on that it has logged in."""
        expires = int(time.time()) + SESSION_SECONDS
        value = f"{token.name}:{expires}:{_seal(token, expires)}"
        self._set(response, value, SESSION_SECONDS)

    def forget(self, response: Response) -> None:
        """Have the browser forget the cookie."""
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self._cookie,
            value,
            max_age=seconds,
            path=self._path,
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )

    def _shown(self, request: Request) -> Client | None:
        given = request.headers.get("authorization", "")
        kind, _, shown = given.partition(" ")
        if given:
            found = holder(self._tokens(), shown.strip()) if kind.lower() == "bearer" else None
            return Client(found, is_browser=False) if found else None
        name, _, rest = request.cookies.get(self._cookie, "").partition(":")
        expires, _, seal = rest.partition(":")
        if not re.fullmatch("[0-9]{1,12}", expires) or int(expires) < time.time():
            return None
        for token in self._tokens():
            expected = _seal(token, int(expires)).encode()
            if token.name == name and hmac.compare_digest(expected, seal.encode()):
                return Client(token, is_browser=True)
        return None

    def _tokens(self) -> tuple[ClientToken, ...]:
        version: tuple[int, ...] = ()
        with suppress(OSError):
            status = self._file.stat()
            version = status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode
        if self._read is None or self._read[0] != version:
            try:
                self._read = version, tuple(read_tokens(self._file))
            except SettingsError as error:
                self._report(str(error))
                raise Problem(
                    503,
                    "no_tokens",
                    "The daemon cannot read its tokens; its log says why.",
                    retry_after=RETRY_SECONDS,
                ) from error
            self._report("")
        return self._read[1]

    def _report(self, fault: str) -> None:
        if fault and fault != self._fault:
            log.error("no_tokens", "The file with the tokens cannot be used: all are refused.",
                      reason=fault)  # fmt: skip
        self._fault = fault


def check_origin(request: Request) -> None:
    """Refuse a request that another site's page has a browser send.

    A page on another port of this host gets our cookie sent along. Browsers that are up to date
    tell by ``Sec-Fetch-Site`` where a request comes from, to https and loopback; else ``Origin``
    does. https://www.w3.org/TR/fetch-metadata/

    Raises:
        Problem: it comes from elsewhere, or cannot be told.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("origin", "")
        is_ours = origin.partition("://")[2] == request.headers.get("host")
    if not is_ours:
        raise Problem(403, "forged", "This request comes from another site's page: it is refused.")


def _seal(token: ClientToken, expires: int) -> str:
    """What only who can read the file with the tokens can make.

    It needs no record of who is logged in, holds across restarts, and ends with the token.
    """
    text = f"comenq session {token.name} {expires}"
    return hmac.new(bytes.fromhex(token.digest), text.encode(), hashlib.sha256).hexdigest()
