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
    "Comment",
    "address_in",
    "id_in",
    "instant_in",
    "login_in",
    "pull_request_page",
    "read_comment",
]

URL = re.compile(r"https?://[!-~]{1,2000}")
LOCATION = re.compile(r"/issues/comments/([0-9]{1,19})/?")
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
    """

    number: int
    url: str
    login: str
    created: datetime | None
    body: str

    def as_posted(self, status: int, ahead: timedelta) -> Posted:
        """The outcome that it is posted.

        Args:
            status: of the answer that shows it.
            ahead: how far GitHub's clock is ahead of this machine's.
        """
        created = self.created - ahead if self.created else None
        return Posted(
            comment_id=self.number, url=self.url, status=status, login=self.login, created=created
        )

    def as_candidate(self) -> Candidate:
        """One of those that a person has to choose from."""
        return Candidate(url=self.url, comment_id=self.number)


def read_comment(value: object, page: str, secret: str) -> Comment | None:
    """Read a comment; ``None`` if it is none.

    Args:
        value: GitHub's JSON.
        page: the pull request's address for people, for a comment whose own shows the secret.
        secret: the token that the request was sent with.
    """
    if not isinstance(value, dict):
        return None
    number, url = value.get("id"), value.get("html_url")
    if type(number) is not int or not isinstance(url, str) or not URL.fullmatch(url):
        return None
    body = value.get("body")
    return Comment(
        number=number,
        url=f"{page}#issuecomment-{number}" if gives_away(url, secret) else url,
        login=login_in(value, secret),
        created=instant_in(value, "created_at"),
        body=body if isinstance(body, str) else "",
    )


def id_in(location: str) -> int | None:
    """The id in a comment's address in the API, ``.../issues/comments/ID``; ``None`` in others."""
    try:
        path = urlsplit(location).path
    except ValueError:
        return None
    found = LOCATION.search(path)
    return int(found[1]) if found and found.end() == len(path) else None


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
