"""What a person says of a comment that comenq cannot find: it is posted, or it is not. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from comenq_core.errors import InvalidRequest, WrongState
from comenq_core.model import Attempt, Candidate, CommentRequest, Done, Job, Origin, RetryAt
from comenq_core.model.transitions import NOT_POSTED

__all__ = ["resolution"]

Resolution: TypeAlias = tuple[Done | RetryAt, Attempt]

# A comment's address in the browser, or in the API. https://docs.github.com/en/rest/issues/comments
_COMMENT = re.compile(r"#issuecomment-([0-9]{1,19})$|/issues/comments/([0-9]{1,19})(?:#.*)?$")
# https://docs.github.com/en/rest/pulls/comments
_REPLY = re.compile(r"#(?:discussion_)?r([0-9]{1,19})$|/pulls/comments/([0-9]{1,19})(?:#.*)?$")
_PULL_REQUEST = re.compile(
    r"/(?P<owner>[^/]+)/(?P<repo>[^/]+)/(?:pull|pulls|issues)"
    r"/(?:comments/|(?P<number>[0-9]{1,10})(?:/|$))"
)


def resolution(job: Job, url: str | None, by: Origin, now: datetime) -> Resolution:
    """The verdict, and the attempt that records who gave it.

    Args:
        job: the job whose comment may be posted.
        url: the comment's address, or ``None`` if it is not posted.
        by: who says so.
        now: when.

    Raises:
        InvalidRequest: the address is not one of a comment on the job's pull request.
        WrongState: the job is a dropped file that is no request.
    """
    if job.request is None:
        raise WrongState(f"job {job.id} is a dropped file that is no request: it was never posted")
    if url is None:
        reason = f"{by.who} says that it is not posted"
        return RetryAt(due=now, reason=reason), _attempt(NOT_POSTED, reason, None, now)
    reason = f"{by.who} says that it is posted"
    comment_id = _comment_id(job.request, job.candidates, url)
    posted = Done(url=url, comment_id=comment_id, reason=reason)
    return posted, _attempt("posted", reason, comment_id, now)


def _attempt(outcome: str, reason: str, comment_id: int | str | None, now: datetime) -> Attempt:
    """A decision made without the forge, which names no account."""
    return Attempt(started=now, ended=now, account="", outcome=outcome, message=reason,
                   comment_id=comment_id)  # fmt: skip


def _comment_id(
    request: CommentRequest, candidates: tuple[Candidate, ...], url: str
) -> int | str | None:
    """The forge's name for the comment; ``None`` where the address does not tell."""
    parts = _split(url)
    comment_id = _named(request, url)
    for candidate in candidates:
        if url == candidate.url or comment_id == candidate.comment_id:
            return candidate.comment_id
    if place := _PULL_REQUEST.search(parts.path):
        if not _is_at(request, place):
            raise InvalidRequest("posted", f"is on another pull request than {request.target}")
        if comment_id is None:
            raise InvalidRequest(
                "posted",
                f"names no comment: it has to end with {_ending(request)}NUMBER, as the link at the"
                " comment's date does",
            )
    return comment_id


def _ending(request: CommentRequest) -> str:
    return "#issuecomment-" if request.in_reply_to is None else "#discussion_r"


def _named(request: CommentRequest, url: str) -> int | str | None:
    """The id of the comment, of the request's kind, that an address names."""
    if request.in_reply_to is None:
        found = _COMMENT.search(url)
        return int(found[1] or found[2]) if found else None
    found = _REPLY.search(url)
    return f"discussion_r{found[1] or found[2]}" if found else None


def _split(url: str) -> SplitResult:
    """The parts of an address, if it is one that people can open."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    except ValueError:
        is_address = False
    if not is_address or not url.isprintable() or " " in url:
        raise InvalidRequest("posted", "must be the comment's address: https://…")
    return parts


def _is_at(request: CommentRequest, place: re.Match[str]) -> bool:
    """Whether a path names the request's pull request; that of an API names the repository."""
    is_same = f"{place['owner']}/{place['repo']}".lower() == request.repository
    return is_same and place["number"] in {None, str(request.pr_number)}
