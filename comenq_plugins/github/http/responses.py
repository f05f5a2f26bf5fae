"""What does GitHub's answer to a comment mean? Pure: (status, headers, body, now) to an Outcome.

It follows the table in ``docs/github.md``; `refusals` has the words that GitHub is known to use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from comenq_core.model import (
    Blocked,
    Fault,
    Outcome,
    Posted,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_plugins.github.http.comments import (
    ON_PULL_REQUEST,
    Comment,
    Kind,
    number_in,
    read_comment,
)
from comenq_plugins.github.http.rate_limit import asks_to_back_off, http_date, wait
from comenq_plugins.github.http.refusals import LIMIT_TEXTS, refusal
from comenq_plugins.github.http.showing import shown, shown_addresses

__all__ = ["Reply", "outcome"]

# An answer that is not the API's: its beginning is enough to recognise whose it is.
BEGINNING = 2_000
EXCERPT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response, as it came: what is decided or compared must not be edited before.

    Only what is shown (`message`, `summary`) is without the secret, escaped and shortened.

    Args:
        status: the HTTP status.
        headers: with names in lower case.
        body: its bytes.
        secret: the token that the request was sent with.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secret: str = field(default="", repr=False)

    @property
    def json(self) -> object:
        """The body's JSON value; ``None`` where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def texts(self) -> Sequence[str]:
        """What the API says in its own words; empty if it is not the API that answers."""
        value = self.json
        if not isinstance(value, dict) or not isinstance(value.get("message"), str):
            return ()
        errors = [
            error.get("message") if isinstance(error, dict) else error for error in _errors(value)
        ]
        return [value["message"], *(text for text in errors if isinstance(text, str) and text)]

    @property
    def message(self) -> str:
        """What is said, fit to be shown; ``""`` where nothing is said."""
        return shown("; ".join(filter(None, self.texts)) or self._excerpt, self.secret)

    @property
    def summary(self) -> str:
        """The status and GitHub's own words."""
        return f"GitHub answered {self.status}: {self.message or 'without a message'}"

    @property
    def _excerpt(self) -> str:
        """The title or the first words of a page, of a text, or of other JSON."""
        text = self.body[:BEGINNING].decode("utf-8", "replace")
        title = re.search(r"<title[^>]*>([^<]+)", text, re.IGNORECASE)
        words = (title[1] if title else re.sub(r"<[^<>]*>", " ", text)).split()
        return " ".join(words)[:EXCERPT]


def outcome(reply: Reply, now: datetime, page: str = "", kind: Kind = ON_PULL_REQUEST) -> Outcome:
    """Decide what the answer to a POST of a comment means.

    Args:
        reply: the answer.
        now: when it arrived.
        page: the pull request's address for people, for a comment whose own is lost.
        kind: where the comment was to be created.
    """
    match reply.status:
        case HTTPStatus.CREATED:
            return _created(reply, now, page, kind)
        case HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            # The proxy kept the request to itself: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8
            return Unavailable(message="the proxy wants a password (407)", status=407)
        case HTTPStatus.REQUEST_TIMEOUT:
            return _unknown(reply, now)
        case 403 | 422 | 429 if _limits(reply):
            backoff, message = _wait(reply, now)
            return Throttled(wait=backoff, message=message, status=reply.status)
        case status if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _refused(reply) if reply.texts else _not_by_the_api(reply)
        case _:
            return _unknown(reply, now)


def _created(reply: Reply, now: datetime, page: str, kind: Kind) -> Posted | Unknown:
    comment = read_comment(reply.json, page, reply.secret, kind)
    if comment is not None:
        return comment.as_posted(
            reply.status, (http_date(reply.headers.get("date", "")) or now) - now
        )
    number = number_in(reply.headers.get("location", ""), kind)
    if number is not None:
        how = "GitHub answered 201 without the comment; its address names the id"
        url = f"{page}#{kind.anchor}{number}"
        found = Comment(number=number, url=url, login="", created=None, body="", kind=kind)
        return replace(found.as_posted(reply.status, timedelta(0)), message=how)
    why = "GitHub answered 201 (created) without the comment's id and address"
    return Unknown(message=why, status=reply.status)


def _limits(reply: Reply) -> bool:
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if reply.status == HTTPStatus.FORBIDDEN and asks_to_back_off(reply.headers):
        return True
    # GitHub's edge says it in HTML: pksunkara/octonode#264.
    said = _said(reply) if reply.texts else reply.body.decode("utf-8", "replace").lower()
    return any(text in said for text in LIMIT_TEXTS) or "abuse" in _codes(reply.json)


def _not_by_the_api(reply: Reply) -> Refused | Blocked:
    what = f"answered {reply.status}: {reply.message or 'without a message'}"
    if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # A proxy's limit, which only a long comment meets.
        return Refused(
            message=f"a proxy or gateway {what}", status=reply.status, fault=Fault.UNCLEAR
        )
    message = (
        f"not GitHub's API but something on the way {what} (check github_api_url, the proxy and "
        "the gateway)"
    )
    return Blocked(message=message, status=reply.status, fault=Fault.ROUTE)


def _refused(reply: Reply) -> Refused | Blocked | Unauthorized:
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(message=reply.summary, status=reply.status)
    sso = f"x-github-sso: {reply.headers.get('x-github-sso', '').lower()}"
    kind, fault, hint = refusal(reply.status, f"{_said(reply)}\n{sso}")
    hints = filter(None, [hint, *_remedies(reply, fault)])
    return kind(message=_with_remarks(reply, *hints), status=reply.status, fault=fault)


def _remedies(reply: Reply, fault: Fault) -> Sequence[str]:
    """What GitHub names that would mend it."""
    found = []
    wanted = reply.headers.get("x-accepted-github-permissions", "")
    if wanted:
        found.append(f"the token needs one of: {shown(wanted, reply.secret)}")
    # https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#using-personal-access-tokens
    sso = shown_addresses(reply.headers.get("x-github-sso"), reply.secret)
    found += [f"authorize the token at {address}" for address in sso[:1]]
    if fault in {Fault.ACCOUNT, Fault.UNCLEAR} and isinstance(reply.json, dict):
        pages = shown_addresses(reply.json.get("documentation_url"), reply.secret)
        # The reference of the REST API is named by every error, and mends none.
        found += [f"see {page}" for page in pages[:1] if "/rest" not in page]
    return found


def _unknown(reply: Reply, now: datetime) -> Unknown:
    # https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    if "retry-after" not in reply.headers:
        return Unknown(message=reply.summary, status=reply.status)
    backoff, message = _wait(reply, now)
    return Unknown(message=message, status=reply.status, wait=backoff)


def _wait(reply: Reply, now: datetime) -> tuple[timedelta | None, str]:
    backoff, remark = wait(reply.headers, now)
    return backoff, _with_remarks(reply, *filter(None, [remark]))


def _with_remarks(reply: Reply, *remarks: str) -> str:
    return f"{reply.summary} ({'; '.join(remarks)})" if remarks else reply.summary


def _said(reply: Reply) -> str:
    return "; ".join(reply.texts).lower()


def _errors(value: object) -> list[object]:
    errors = value.get("errors") if isinstance(value, dict) else None
    return errors if isinstance(errors, list) else []


def _codes(value: object) -> list[object]:
    return [error.get("code") for error in _errors(value) if isinstance(error, dict)]
