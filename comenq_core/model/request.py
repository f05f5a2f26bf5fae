"""A request for a comment, and how it enters the queue. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from comenq_core.errors import InvalidRequest
from comenq_core.limits import (
    ACCOUNT_PATTERN,
    BODY_LIMIT,
    HOST_PATTERN,
    MAX_COMMENT_ID,
    MAX_NUMBER,
    OWNER_PATTERN,
    REPO_PATTERN,
    VIA_PATTERN,
)
from comenq_core.model.record import InvalidMember, Record, check_members

__all__ = ["KEY_LIMIT", "CommentRequest", "NewJob", "Origin", "check_times"]

KEY_LIMIT = 200
"""Characters that an idempotency key may have."""

# Every time zone and every store can show what lies between, and a file's name has room for it.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(2500, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRequest(Record):
    """One comment for one pull request.

    Args:
        owner: the account that owns the repository.
        repo: the repository's name, without its owner.
        pr_number: the pull request's number, from 1.
        body: the comment, posted byte for byte; 1 to 262,144 bytes of UTF-8.
        not_before: it is not posted before this instant, an aware datetime.
        key: an idempotency key, 1 to 200 characters: the same key never queues twice.
        if_open: skip the comment when the pull request is no longer open.
        account: the posting account that is to post it; by default any that serves the target.
        host: the forge's host, such as ``github.com``, where an address named it: no other forge
            gets the comment.
        not_after: it is skipped if its turn comes after this instant, an aware datetime.
        follow: whether the answer is awaited where the comment asks a reviewer for a review.
        in_reply_to: the id of a review comment, from 1: the comment is a reply in its thread.

    Raises:
        InvalidRequest: a member breaks its rule; the error names it.
    """

    owner: str
    repo: str
    pr_number: int
    body: str
    not_before: datetime | None = None
    key: str | None = None
    if_open: bool = False
    account: str | None = None
    host: str | None = None
    not_after: datetime | None = None
    follow: bool = True
    in_reply_to: int | None = None

    def __post_init__(self) -> None:
        check_members(self, InvalidRequest)
        if not re.fullmatch(OWNER_PATTERN, self.owner):
            raise InvalidRequest("owner", "must be a GitHub account name: letters, digits, hyphens")
        if not re.fullmatch(REPO_PATTERN, self.repo):
            raise InvalidRequest(
                "repo", "must be a repository name: letters, digits, hyphens, dots, underscores"
            )
        if not 1 <= self.pr_number <= MAX_NUMBER:
            raise InvalidRequest("pr_number", f"must be from 1 to {MAX_NUMBER}")
        if self.in_reply_to is not None and not 1 <= self.in_reply_to <= MAX_COMMENT_ID:
            raise InvalidRequest("in_reply_to", f"must be from 1 to {MAX_COMMENT_ID}")
        if self.account is not None and not re.fullmatch(ACCOUNT_PATTERN, self.account):
            raise InvalidRequest("account", "must be the name of a posting account")
        if self.host is not None and not re.fullmatch(HOST_PATTERN, self.host):
            raise InvalidRequest("host", "must be the host of a forge, such as github.com")
        if self.not_before and self.not_after and self.not_after <= self.not_before:
            raise InvalidRequest("not_after", "must be later than not_before")
        self._check_texts()

    def _check_texts(self) -> None:
        if not self.body.strip():
            raise InvalidRequest("body", "must not be empty or blank")
        size = _bytes_in("body", self.body)
        if size > BODY_LIMIT:
            raise InvalidRequest("body", f"is {size} bytes of UTF-8; GitHub takes {BODY_LIMIT}")
        if self.key is not None:
            _bytes_in("key", self.key)
            if not 1 <= len(self.key) <= KEY_LIMIT:
                raise InvalidRequest("key", f"must have 1 to {KEY_LIMIT} characters")

    @property
    def target(self) -> str:
        """The pull request as people write it: ``owner/repo#123``."""
        return f"{self.owner}/{self.repo}#{self.pr_number}"

    @property
    def place(self) -> str:
        """The target with the thread of a reply, as people are shown it.

        ``owner/repo#123 (thread 456)``, and for any other comment the target alone.
        """
        if self.in_reply_to is None:
            return self.target
        return f"{self.target} (thread {self.in_reply_to})"

    @property
    def repository(self) -> str:
        """The repository in lower case, as GitHub compares it: ``owner/repo``."""
        return f"{self.owner}/{self.repo}".lower()


def check_times(request: CommentRequest) -> None:
    """Refuse a new request for a time that cannot be shown everywhere, or that means never.

    A record can have such a time, since earlier versions have stored some.

    Raises:
        InvalidRequest: ``not_before`` or ``not_after`` is not from the year 1970 to 2499.
    """
    if not _is_shown(request.not_before):
        raise InvalidRequest(
            "not_before",
            "must be from the year 1970 to 2499; to keep a comment back until somebody releases it,"
            " hold it: comenq put --hold",
        )
    if not _is_shown(request.not_after):
        raise InvalidRequest("not_after", "must be from the year 1970 to 2499")


def _is_shown(moment: datetime | None) -> bool:
    return moment is None or _EARLIEST <= moment < _END


def _bytes_in(name: str, text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise InvalidRequest(name, "the text holds a lone surrogate") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin(Record):
    """Who handed a request in.

    Args:
        intake: the name of the way in.
        uid: the user, where the kernel vouches for it.
        pid: the process, likewise.
        via: the client's own word for itself, such as ``mcp claude-code``: 1 to 64 printable
            characters of ASCII. Anybody can say anything: it is shown, and no right follows of it.
        token: the name of the token that was presented, where the intake vouches for it.

    Raises:
        InvalidMember: a member has another type, or ``via`` or ``token`` breaks its rule.
    """

    intake: str
    uid: int | None = None
    pid: int | None = None
    via: str | None = None
    token: str | None = None

    def __post_init__(self) -> None:
        check_members(self)
        if self.via is not None and not re.fullmatch(VIA_PATTERN, self.via):
            raise InvalidMember("via", "must have 1 to 64 printable characters of ASCII")
        if self.token is not None and not re.fullmatch(ACCOUNT_PATTERN, self.token):
            raise InvalidMember("token", "must be the name of a token")

    @property
    def who(self) -> str:
        """The user in words, for reasons that people read."""
        if self.token is not None:
            return f"token {self.token}"
        return "somebody" if self.uid is None else f"uid {self.uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob(Record):
    """A request with its origin, on the way into a store.

    Args:
        request: the comment.
        origin: who handed it in.
        ahead: put it at the head of the queue; it waits for the cooldown all the same.
        if_absent: return the pending job with the same target and body, if there is one.
        hold: keep it from being posted until somebody releases it.
        replace: let it take the place of the job that waits under its key. The listener's queue
            does that with a store's ``edit``; a store passes over it.

    Raises:
        InvalidRequest: it is to replace another one and has no key, or a time of the request is
            not from the year 1970 to 2499.
    """

    request: CommentRequest
    origin: Origin
    ahead: bool = False
    if_absent: bool = False
    hold: bool = False
    replace: bool = False

    def __post_init__(self) -> None:
        check_members(self)
        if self.replace and self.request.key is None:
            raise InvalidRequest("replace", "needs a key: the comment under that key is replaced")
        check_times(self.request)
