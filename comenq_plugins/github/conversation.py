"""Reads what is said on a pull request: with what was seen before, at almost no cost.

A request with the entity tag of an earlier answer is answered 304, which does not count against
the rate limit, as long as nothing has changed:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from comenq_core.model import (
    LOOKBACK,
    CommentRequest,
    Conversation,
    Demand,
    Fault,
    Posted,
    Refused,
    Remark,
    Skipped,
    Snapshot,
    Unknown,
    Validator,
)
from comenq_plugins.github.client import GitHubClient, NoReply, found, outcome_of
from comenq_plugins.github.http.remarks import ReadRemarks, comments, reactions, reviews
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.matching import SLACK
from comenq_plugins.github.search import PAGE, page_after

__all__ = ["Unread", "read_conversation"]

Unread = Refused | Demand
"""Why the conversation could not be read."""

_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class _NotShown(Exception):
    """GitHub did not show a part of it."""

    def __init__(self, why: Unread) -> None:
        self.why = why
        super().__init__(why.message)


def read_conversation(
    client: GitHubClient,
    request: CommentRequest,
    snapshot: Snapshot | None,
    triggers: Collection[int | str],
) -> Conversation | Unread:
    """As `comenq_core.protocols.ConversationReader` says. Called within a `Deadline`."""
    try:
        return _Reading(client, request, snapshot).conversation(triggers)
    except _NotShown as error:
        return error.why


class _Reading:
    """One reading: the requests that it takes, and what they gave."""

    def __init__(
        self, client: GitHubClient, request: CommentRequest, snapshot: Snapshot | None
    ) -> None:
        self._client = client
        self._repository = client.repository(request)
        self._number = request.pr_number
        self._snapshot = snapshot
        self._validators: list[Validator] = []

    def conversation(self, triggers: Collection[int | str]) -> Conversation:
        # First of all, for its answer tells what GitHub's clock shows.
        head, is_open = self._pull()
        now = self._client.now() + self._client.ahead
        since = self._snapshot.since if self._snapshot else _whole(now - LOOKBACK - SLACK)
        return Conversation(
            since=since,
            now=now,
            head=head,
            is_open=is_open,
            remarks=tuple(self._remarks(since, triggers)),
            validators=tuple(self._validators),
        )

    def _pull(self) -> tuple[str, bool]:
        path = f"pulls/{self._number}"
        reply = self._ask(path)
        if self._snapshot and _is_unchanged(reply):
            self._keep(path, self._tag(path))
            return self._snapshot.head, self._snapshot.is_open
        pull = found(reply)
        head = pull.get("head") if isinstance(pull, dict) else None
        commit = head.get("sha") if isinstance(head, dict) else None
        if not isinstance(reply, Reply) or not isinstance(pull, dict) or not commit:
            raise _NotShown(_unread(reply))
        self._keep(path, reply.headers.get("etag", ""))
        return str(commit), pull.get("state") == "open"

    def _remarks(self, since: datetime, triggers: Collection[int | str]) -> Iterator[Remark]:
        issue = f"issues/{self._number}"
        changed = urlencode({"since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"})
        yield from self._list(f"{issue}/comments?{changed}", comments)
        yield from self._list(f"pulls/{self._number}/reviews?", reviews)
        yield from self._list(f"{issue}/reactions?", reactions)
        for trigger in triggers:
            yield from self._list(f"issues/comments/{trigger}/reactions?", reactions, or_none=_GONE)

    def _list(
        self, path: str, read: ReadRemarks, or_none: Collection[int] = ()
    ) -> Iterator[Remark]:
        """All that is listed, page by page, apart from what is known not to have changed."""
        first = part = f"{path}&per_page={PAGE}".replace("?&", "?")
        bodies: set[bytes] = set()
        while part:
            reply = self._ask(part)
            if _is_unchanged(reply) and self._tag(part):
                self._keep(part, self._tag(part))
                return
            if isinstance(reply, Reply) and reply.status in or_none:
                return
            listed = found(reply)
            if not isinstance(reply, Reply) or not isinstance(listed, list):
                raise _NotShown(_unread(reply))
            remarks = read(listed, reply.secret)
            if remarks is None or (listed and reply.body in bodies):
                why = "what is said there cannot be read, or leads in a circle"
                raise _NotShown(Unknown(message=why, status=reply.status))
            yield from remarks
            bodies.add(reply.body)
            counted = f"{self._repository}/{first}&page={len(bodies) + 1}"
            following = page_after(self._client, reply, len(listed), counted)
            if not following:
                # Only of the last page: that another one has none after it, no 304 would tell.
                self._keep(part, reply.headers.get("etag", ""))
            part = f"{first}&page={len(bodies) + 1}" if following else ""

    def _ask(self, part: str) -> Reply | NoReply:
        return self._client.ask("GET", f"{self._repository}/{part}", tag=self._tag(part))

    def _tag(self, part: str) -> str:
        return self._snapshot.tag(part) if self._snapshot else ""

    def _keep(self, part: str, tag: str) -> None:
        if tag:
            self._validators.append(Validator(part=part, tag=tag))


def _is_unchanged(reply: Reply | NoReply) -> bool:
    return isinstance(reply, Reply) and reply.status == HTTPStatus.NOT_MODIFIED


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _unread(reply: Reply | NoReply) -> Unread:
    match outcome_of(reply):
        case Refused(fault=Fault.PULL_REQUEST | Fault.COMMENT) as result:
            return result
        case Posted() | Skipped() | Refused() as result:
            why = f"the pull request cannot be read: {result.message}"
            return Unknown(message=why, status=result.status)
        case result:
            return result
