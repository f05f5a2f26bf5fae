"""Comments as GitHub's JSON shows them, and their addresses for people. Pure.

https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from comenq_core.model import Candidate, CommentRequest, Posted
from comenq_plugins.github.http.showing import gives_away

__all__ = [
    "IN_THREAD",
    "ON_PULL_REQUEST",
    "Comment",
    "Kind",
    "address_in",
    "instant_in",
    "login_in",
    "number_in",
    "pull_request_page",
    "read_comment",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """Where comments of a kind are.

    Args:
        anchor: the end of their addresses for people, before the number.
        path: the end of their addresses in the API, before the number.
    """

    anchor: str
    path: str


ON_PULL_REQUEST = Kind("issuecomment-", "/issues/comments/")
"""Comments on the pull request as a whole."""
IN_THREAD = Kind("discussion_r", "/pulls/comments/")
"""Review comments and the replies to them, which have numbers of their own.

https://docs.github.com/en/rest/pulls/comments
"""

URL = re.compile(r"https?://[!-~]{1,2000}")
LOCATION = re.compile(r"(/(?:issues|pulls)/comments/)([0-9]{1,19})/?")
# "[bot]" ends the names of Apps.
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(\[bot\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on a pull request.

    Args:
        number: GitHub's id for it.
        url: where people read it.
        login: whose it is; ``""`` where GitHub does not say.
        created: when, by GitHub's clock; ``None`` where it does not say.
        body: its text, as it came.
        kind: where it is.
        thread: the number of the review comment that it replies to; ``None`` if to none.
    """

    number: int
    url: str
    login: str
    created: datetime | None
    body: str
    kind: Kind = ON_PULL_REQUEST
    thread: int | None = None

    @property
    def comment_id(self) -> int | str:
        """Its id among comments of all kinds."""
        return self.number if self.kind is ON_PULL_REQUEST else f"{self.kind.anchor}{self.number}"

    def as_posted(self, status: int, ahead: timedelta) -> Posted:
        """The outcome that it is posted.

        Args:
            status: of the answer that shows it.
            ahead: how far GitHub's clock is ahead of this machine's.
        """
        created = self.created - ahead if self.created else None
        return Posted(
            comment_id=self.comment_id,
            url=self.url,
            status=status,
            login=self.login,
            created=created,
        )

    def as_candidate(self) -> Candidate:
        """One of those that a person has to choose from."""
        return Candidate(url=self.url, comment_id=self.comment_id)


def read_comment(
    value: object, page: str, secret: str, kind: Kind = ON_PULL_REQUEST
) -> Comment | None:
    """Read a comment; ``None`` if it is none.

    Args:
        value: GitHub's JSON.
        page: the pull request's address for people, for a comment whose own shows the secret.
        secret: the token that the request was sent with.
        kind: where it is.
    """
    if not isinstance(value, dict):
        return None
    number, url = value.get("id"), value.get("html_url")
    if type(number) is not int or not isinstance(url, str) or not URL.fullmatch(url):
        return None
    body, thread = value.get("body"), value.get("in_reply_to_id")
    return Comment(
        number=number,
        url=f"{page}#{kind.anchor}{number}" if gives_away(url, secret) else url,
        login=login_in(value, secret),
        created=instant_in(value, "created_at"),
        body=body if isinstance(body, str) else "",
        kind=kind,
        thread=thread if type(thread) is int else None,
    )


def number_in(location: str, kind: Kind) -> int | None:
    """The number in the address of a comment of a kind in the API; ``None`` in others."""
    try:
        path = urlsplit(location).path
    except ValueError:
        return None
    found = LOCATION.search(path)
    is_whole = found and found[1] == kind.path and found.end() == len(path)
    return int(found[2]) if found and is_whole else None


def pull_request_page(api_url: str, request: CommentRequest) -> str:
    """A pull request's address for people.

    GitHub's API is at ``https://api.github.com``, that of an enterprise on GitHub's own machines
    at ``https://api.NAME.ghe.com``, that of a GitHub Enterprise Server below ``/api/v3``.
    """
    parts = urlsplit(api_url)
    path = parts.path.rstrip("/")
    is_server = path.endswith("/api/v3")
    host = parts.netloc if is_server else parts.netloc.removeprefix("api.")
    home = f"{parts.scheme}://{host}{path.removesuffix('/api/v3')}"
    return f"{home}/{request.owner}/{request.repo}/pull/{request.pr_number}"


def login_in(value: Mapping[str, object], secret: str) -> str:
    """Whose something is; ``""`` where GitHub does not say."""
    user = value.get("user")
    login = user.get("login") if isinstance(user, dict) else None
    is_login = isinstance(login, str) and LOGIN.fullmatch(login) and not gives_away(login, secret)
    return str(login) if is_login else ""


def address_in(value: Mapping[str, object], secret: str) -> str:
    """Where people read something; ``""`` where GitHub does not say."""
    url = value.get("html_url")
    is_address = isinstance(url, str) and URL.fullmatch(url) and not gives_away(url, secret)
    return str(url) if is_address else ""


def instant_in(value: Mapping[str, object], member: str) -> datetime | None:
    """A time that something has; ``None`` where GitHub does not say."""
    try:
        at = datetime.fromisoformat(str(value.get(member)))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
