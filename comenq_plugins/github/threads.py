"""Replies in the threads of review comments.

https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment

GitHub takes a reply to the first comment of a thread only. A person may name a later one, as the
address in the browser does: its thread is asked for once GitHub has refused the reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus

from comenq_core.model import CommentRequest, Fault, Outcome, Refused
from comenq_core.protocols import Lookup
from comenq_plugins.github.client import GitHubClient, NoReply, found, outcome_of
from comenq_plugins.github.http.comments import IN_THREAD
from comenq_plugins.github.matching import Wanted
from comenq_plugins.github.not_sent import not_sent
from comenq_plugins.github.search import search, unlisted

__all__ = ["Thread"]

_MAY_BE_NO_FIRST_COMMENT = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY}
_PULL_REQUEST = re.compile(r"/pulls/([0-9]{1,10})$")


@dataclass(frozen=True, slots=True)
class Thread:
    """The thread that a request names. Called within a `Deadline`.

    Args:
        client: GitHub.
        request: a reply.
        page: the pull request's address for people.
    """

    client: GitHubClient
    request: CommentRequest
    page: str

    def create(self, body: str) -> Outcome:
        """Post a reply, to the thread's first comment if another one is named."""
        outcome = self._reply_to(self._named, body)
        if not (isinstance(outcome, Refused) and outcome.status in _MAY_BE_NO_FIRST_COMMENT):
            return outcome
        first = self.first_comment()
        if not isinstance(first, int):
            return first
        if first == self._named:
            return outcome
        outcome = self._reply_to(first, body)
        if isinstance(outcome, Refused) and outcome.status == HTTPStatus.NOT_FOUND:
            why = f"the first comment of the thread, {first}, is gone"
            return replace(outcome, message=why, fault=Fault.COMMENT)
        return outcome

    def search(self, wanted: Wanted) -> Lookup:
        """Search the thread; ``wanted`` is what is searched for, wherever it is."""
        first = self.first_comment()
        if not isinstance(first, int | Refused):
            return unlisted(first)
        # Replies still name the first comment of their thread, when that is gone.
        is_known = isinstance(first, int)
        threads = {self._named, first} if isinstance(first, int) else {self._named}
        in_threads = replace(wanted, threads=threads, are_threads_known=is_known)
        return search(self.client, self._comments, self.page, in_threads)

    def first_comment(self) -> int | NoReply:
        """The number of the first comment of the thread; or why it cannot be told."""
        repository = self.client.repository(self.request)
        reply = self.client.ask("GET", f"{repository}/pulls/comments/{self._named}")
        comment = found(reply)
        if not isinstance(comment, dict):
            return self._gone(not_sent(reply))
        place = _PULL_REQUEST.search(str(comment.get("pull_request_url")))
        if place and int(place[1]) != self.request.pr_number:
            why = f"the review comment {self._named} is on the pull request #{place[1]}"
            return Refused(message=why, status=HTTPStatus.OK, fault=Fault.COMMENT)
        first = comment.get("in_reply_to_id")
        return first if type(first) is int else self._named

    @property
    def _named(self) -> int:
        assert self.request.in_reply_to is not None
        return self.request.in_reply_to

    @property
    def _comments(self) -> str:
        return f"{self.client.repository(self.request)}/pulls/{self.request.pr_number}/comments"

    def _reply_to(self, number: int, body: str) -> Outcome:
        url = f"{self._comments}/{number}/replies"
        return outcome_of(self.client.ask("POST", url, {"body": body}), self.page, IN_THREAD)

    def _gone(self, failure: NoReply) -> NoReply:
        """The failure, in other words where the comment is not there."""
        if not isinstance(failure, Refused) or failure.status != HTTPStatus.NOT_FOUND:
            return failure
        why = f"there is no review comment {self._named}, or the token may not see the repository"
        return Refused(message=why, status=failure.status, fault=Fault.PULL_REQUEST)
