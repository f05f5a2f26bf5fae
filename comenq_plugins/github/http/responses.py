"""What does GitHub's answer to a comment mean? Pure: (status, headers, body, now) to an Outcome.

It follows the table in ``docs/github.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from comenq_core.model import (
    Outcome,
    Posted,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.text import printable
from comenq_plugins.github.http.rate_limit import asks_to_back_off, wait

__all__ = ["Reply", "outcome", "posted"]

# The first three are secondary limits; the fourth is the primary one; the last is what all calls
# get for a while after several bad credentials.
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
# https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#failed-login-limit
LIMIT_TEXTS = (
    "secondary rate limit",
    "abuse detection",
    "submitted too quickly",
    "rate limit exceeded",
    "maximum number of login attempts",
)
HINTS = {
    404: "no such pull request, or the token may not see the repository",
    410: "comments were switched off or the issue was deleted",
}
URL = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response: its status, its headers with names in lower case, its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        """The body's JSON value; ``None`` where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def message(self) -> str:
        """What GitHub says in its own words, fit to be shown; ``""`` where it says nothing."""
        value = self.json
        return printable("; ".join(_texts(value))) if isinstance(value, dict) else ""

    @property
    def summary(self) -> str:
        """The status and GitHub's own words."""
        return f"GitHub answered {self.status}: {self.message or 'without a message'}"


def outcome(reply: Reply, now: datetime) -> Outcome:
    """Decide what the answer to a POST of a comment means."""
    match reply.status:
        case 201:
            return _created(reply)
        case 401:
            return Unauthorized(message=reply.summary, status=401)
        case 407:
            # The proxy kept the request to itself: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8
            return Unavailable(message="the proxy wants a password (407)", status=407)
        case 403 | 422 | 429 if _limits(reply):
            return _throttled(reply, now)
        case 403 if "account was suspended" in reply.message:
            return Unauthorized(message=reply.summary, status=403)
        case 404 | 410 | 422:
            return _refused(reply)
        case status if _by_github(reply) and status != HTTPStatus.REQUEST_TIMEOUT:
            return _refused(reply)
        case status:
            return _unknown(reply, now)


def posted(value: object, status: int) -> Posted | None:
    """Read a comment as GitHub's JSON shows it; ``None`` if it is not one."""
    if not isinstance(value, dict):
        return None
    number, url = value.get("id"), value.get("html_url")
    if type(number) is not int or not isinstance(url, str) or not URL.fullmatch(url):
        return None
    return Posted(comment_id=number, url=url, status=status)


def _created(reply: Reply) -> Posted | Unknown:
    comment = posted(reply.json, reply.status)
    if comment is not None:
        return comment
    return Unknown(message="GitHub answered 201 without a comment's id and address", status=201)


def _by_github(reply: Reply) -> bool:
    # A proxy on the way refuses in HTML, which is no verdict on the comment.
    client_error = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error and isinstance(reply.json, dict)


def _limits(reply: Reply) -> bool:
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if reply.status == HTTPStatus.FORBIDDEN and asks_to_back_off(reply.headers):
        return True
    value = reply.json
    said = " ".join(_texts(value)).lower() if isinstance(value, dict) else ""
    return any(text in said for text in LIMIT_TEXTS) or "abuse" in _codes(value)


def _throttled(reply: Reply, now: datetime) -> Throttled:
    backoff, message = _wait(reply, now)
    return Throttled(wait=backoff, message=message, status=reply.status)


def _unknown(reply: Reply, now: datetime) -> Unknown:
    # https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    if "retry-after" not in reply.headers:
        return Unknown(message=reply.summary, status=reply.status)
    backoff, message = _wait(reply, now)
    return Unknown(message=message, status=reply.status, wait=backoff)


def _wait(reply: Reply, now: datetime) -> tuple[timedelta | None, str]:
    backoff, remark = wait(reply.headers, now)
    return backoff, f"{reply.summary} ({remark})" if remark else reply.summary


def _refused(reply: Reply) -> Refused:
    hints = [HINTS[reply.status]] if reply.status in HINTS else []
    wanted = reply.headers.get("x-accepted-github-permissions", "")
    if wanted:
        hints.append(f"the token needs one of: {printable(wanted)}")
    message = f"{reply.summary} ({'; '.join(hints)})" if hints else reply.summary
    return Refused(message=message, status=reply.status)


def _errors(value: object) -> list[object]:
    errors = value.get("errors") if isinstance(value, dict) else None
    return errors if isinstance(errors, list) else []


def _texts(value: dict[str, object]) -> list[str]:
    found = [value.get("message")]
    found += [
        error.get("message") if isinstance(error, dict) else error for error in _errors(value)
    ]
    return [text for text in found if isinstance(text, str) and text]


def _codes(value: object) -> list[object]:
    return [error.get("code") for error in _errors(value) if isinstance(error, dict)]
