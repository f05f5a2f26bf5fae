"""Errors as HTTP has them: problem details, and a page for who asks with a browser.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from comenq_core.errors import (
    ComenqError,
    InvalidRequest,
    NoSuchJob,
    PolicyFull,
    QueueRefused,
    StoreError,
    WrongState,
)

__all__ = ["PROBLEM_JSON", "RETRY_SECONDS", "Problem", "problem_of"]

PROBLEM_JSON = "application/problem+json"
"""The media type of errors."""

RETRY_SECONDS = 30
"""After so long, a client may try again what the disk or the database did not take."""
ROOM_SECONDS = 60
"""After so long, a comment may have been posted, and a policy may have room for another one."""
BUSY_SECONDS = 5
"""After so long, those that have sent too much at once are done."""
FORBIDDEN = frozenset({"not_permitted", "policy"})
"""The codes of what is understood, and not permitted to this client."""


class Problem(Exception):
    """Why a request is not answered as it was meant.

    Args:
        status: of HTTP.
        code: a stable word, the socket protocol's where it has one.
        detail: what is wrong, and what to do.
        retry_after: seconds after which it may be tried again.
        headers: further headers.
        members: further members of the problem's object.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.members = members

    @classmethod
    def too_large(cls, limit: int) -> Problem:
        """The body is longer than ``limit`` bytes; the connection ends, for more of it comes."""
        detail = f"The body is longer than {limit} bytes."
        return cls(413, "too_large", detail, headers={"Connection": "close"})

    @classmethod
    def busy(cls) -> Problem:
        """The bodies of other requests leave no room for this one; the connection ends."""
        detail = "Too much is being sent at once: try again."
        headers = {"Connection": "close"}
        return cls(503, "busy", detail, retry_after=BUSY_SECONDS, headers=headers)

    @classmethod
    def incomplete(cls) -> Problem:
        """The client has left before its body had come; nobody reads this."""
        return cls(400, "incomplete", "The connection has ended before the body had come.")

    @classmethod
    def internal(cls) -> Problem:
        """The daemon met an error of its own."""
        return cls(500, "internal", "The daemon met an error of its own; its log says more.")

    @property
    def title(self) -> str:
        """The status in HTTP's words."""
        return HTTPStatus(self.status).phrase

    def to_json(self) -> dict[str, Any]:
        """The problem's object."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }

    def response(self, scope: Scope) -> Response:
        """The response: JSON, or plain text for a browser that wants a page."""
        if Headers(scope=scope).get("accept", "").startswith("text/html"):
            text = f"{self.status} {self.title}\n\n{self.detail}\n"
            return Response(text, self.status, self.headers, media_type="text/plain")
        return JSONResponse(self.to_json(), self.status, self.headers, media_type=PROBLEM_JSON)


def problem_of(error: ComenqError) -> Problem:
    """What an error of the queue is for a client."""
    text = str(error)
    if isinstance(error, PolicyFull):
        return Problem(429, error.code, text, retry_after=ROOM_SECONDS)
    if error.code in FORBIDDEN:
        return Problem(403, error.code, text)
    match error:
        case InvalidRequest():
            return Problem(422, error.code, text, path=error.path)
        case NoSuchJob():
            return Problem(404, error.code, text)
        case WrongState():
            return Problem(409, error.code, text)
        case QueueRefused():
            return Problem(503, error.why, text, retry_after=RETRY_SECONDS)
        case StoreError():
            return Problem(503, error.code, text, retry_after=RETRY_SECONDS)
    return Problem(500, error.code, text)
