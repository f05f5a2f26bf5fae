"""Reads comments and reviews by their addresses, for ``comenq explain``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from comenq_core.errors import ComenqError, InvalidRequest, SettingsError
from comenq_core.limits import HOST_PATTERN, OWNER_PATTERN, REPO_PATTERN
from comenq_core.model import Answer, Channel, CommentRequest
from comenq_core.model.serving import covers, is_same_host
from comenq_core.settings import Settings
from comenq_core.text import printable, without_login
from comenq_plugins.github.accounts import token_sources, transport
from comenq_plugins.github.auth.sources import configured
from comenq_plugins.github.auth.tokens import TokenSource
from comenq_plugins.github.client import GitHubClient, found, outcome_of
from comenq_plugins.github.http.deadline import Deadline
from comenq_plugins.github.http.redirects import same_origin
from comenq_plugins.github.http.responses import Reply

__all__ = ["Place", "answers", "place"]

PUBLIC_API = "https://api.github.com"
PAGE = 100
_NUMBER = r"[1-9][0-9]{0,18}"
_URL = re.compile(
    rf"https?://(?P<host>{HOST_PATTERN})/(?P<owner>{OWNER_PATTERN})/(?P<repo>{REPO_PATTERN})"
    rf"/(?P<kind>pull|issues)/(?P<number>{_NUMBER})(?:/(?:files|commits|checks|changes))?/?"
    rf"(?:#(?P<part>issuecomment-|pullrequestreview-|discussion_r)(?P<id>{_NUMBER}))?",
    re.ASCII,
)
_EXPECTED = (
    "expected the address of a comment, a review or a pull request, such as"
    " https://{host}/OWNER/REPO/pull/NUMBER#issuecomment-ID"
)
_PARTS = {
    "issuecomment-": "issues/comments/{id}",
    "pullrequestreview-": "pulls/{number}/reviews/{id}",
    "discussion_r": "pulls/comments/{id}",
}
_LAST = re.compile(r'<([^<>]{1,2000})>; rel="last"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an address names: below a repository in the API; ``path`` is ``""`` for all of it."""

    owner: str
    repo: str
    number: int
    path: str


def place(url: str, host: str) -> Place:
    """What an address names on a forge's host. Pure.

    Raises:
        InvalidRequest: it names no comment, review or pull request, or one on another host.
    """
    shown = printable(without_login(url), 200)
    expected = _EXPECTED.format(host=host)
    named = _URL.fullmatch(url)
    if named is None or (named["kind"] == "issues" and named["part"] != "issuecomment-"):
        raise InvalidRequest("", f"{shown}: {expected}")
    if not is_same_host(named["host"], host):
        raise InvalidRequest("", f"{shown} is not on {host}: {expected}")
    path = _PARTS[named["part"]].format(**named.groupdict()) if named["part"] else ""
    number = int(named["number"])
    return Place(owner=named["owner"], repo=named["repo"], number=number, path=path)


def answers(settings: Settings, url: str, *, host: str, token: str) -> Sequence[Answer]:
    """What `comenq_core.protocols.AnswerSource` says, with the forge's ``host``."""
    wanted = place(url, host)
    api = settings.github_api_url.rstrip("/")
    with Deadline(settings.github_api_timeout_secs):
        tokens = _Given(_configured_token(settings, wanted) or (token if api == PUBLIC_API else ""))
        client = GitHubClient(api, transport(settings), tokens)
        base = f"{api}/repos/{wanted.owner}/{wanted.repo}"
        if wanted.path:
            values = [_value(client, f"{base}/{wanted.path}")]
        else:
            values = [
                *_list(client, f"{base}/issues/{wanted.number}/comments"),
                *_list(client, f"{base}/pulls/{wanted.number}/reviews"),
            ]
    shown = [value for value in values if isinstance(value, dict)]
    return [_answer(value) for value in sorted(shown, key=_changed)]


class _Given(TokenSource):
    """A token that was found, or none: what is public can be read without one."""

    def __init__(self, token: str) -> None:
        self._token = token if re.fullmatch("[!-~]*", token) else ""

    def current(self, repository: str = "") -> str:  # noqa: ARG002 -- it is for one address
        return self._token


def _configured_token(settings: Settings, wanted: Place) -> str:
    """The token of the first account for this repository; ``""`` where none can be read."""
    request = CommentRequest(
        owner=wanted.owner, repo=wanted.repo, pr_number=wanted.number, body="a comment"
    )
    try:
        accounts = configured(settings)
        for name, source in token_sources(settings).items():
            if covers(accounts[name].repositories, request):
                token = source.current(f"{wanted.owner}/{wanted.repo}")
                return token if isinstance(token, str) else ""
    except SettingsError:
        return ""
    return ""


def _value(client: GitHubClient, url: str) -> object:
    value, _ = _asked(client, url)
    return value


def _list(client: GitHubClient, url: str) -> Iterator[object]:
    """The first and the last hundred of a list: the notice that is edited, and what is new."""
    first, reply = _asked(client, f"{url}?{urlencode({'per_page': PAGE})}")
    yield from first if isinstance(first, list) else ()
    last = _LAST.search(reply.headers.get("link", ""))
    if last and same_origin(client.url, last[1]):
        more, _ = _asked(client, last[1])
        yield from more if isinstance(more, list) else ()


def _asked(client: GitHubClient, url: str) -> tuple[object, Reply]:
    reply = client.ask("GET", url)
    value = found(reply)
    if not isinstance(reply, Reply) or not isinstance(value, dict | list):
        raise ComenqError(f"it cannot be read: {outcome_of(reply).message}")
    return value, reply


def _answer(value: Mapping[str, object]) -> Answer:
    user, body = value.get("user"), value.get("body")
    login = user.get("login") if isinstance(user, dict) else ""
    return Answer(
        login=login if isinstance(login, str) else "",
        channel=_channel(value),
        text=body if isinstance(body, str) else "",
    )


def _channel(value: Mapping[str, object]) -> Channel:
    if "issue_url" not in value:
        return Channel.REVIEW
    is_edited = value.get("updated_at") != value.get("created_at")
    return Channel.EDIT if is_edited else Channel.COMMENT


def _changed(value: Mapping[str, object]) -> str:
    """When it was changed last: RFC 3339 in UTC, whose order is that of time."""
    return str(value.get("updated_at") or value.get("submitted_at") or "")
