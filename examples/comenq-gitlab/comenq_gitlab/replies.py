"""What GitLab's answers mean. Pure: (status, headers, body, now) to an `Outcome`.

https://docs.gitlab.com/api/rest/troubleshooting/#status-codes lists the statuses, and
https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers the
headers of its limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from comenq_core import Outcome, printable
from comenq_core.model import Fault, Posted, Refused, Throttled, Unauthorized, Unknown

__all__ = ["Reply", "outcome", "wait_of"]

SECOND = timedelta(seconds=1)
# A merge request that is missing, or that this account cannot see.
FAULTS = {404: Fault.PULL_REQUEST}


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
    def result(self) -> object:
        """The body's JSON value if the status is 200; else ``None``."""
        return self.json if self.status == HTTPStatus.OK else None

    @property
    def date(self) -> datetime | None:
        """The time by GitLab's clock, if the answer has it."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    @property
    def message(self) -> str:
        """GitLab's message: a text, or for some errors an object of texts as JSON."""
        value = self.json
        said = (value.get("message") or value.get("error")) if isinstance(value, dict) else ""
        return said if isinstance(said, str) else json.dumps(said)

    @property
    def summary(self) -> str:
        """The status and GitLab's message, escaped and shortened."""
        return f"GitLab answered {self.status}: {printable(self.message) or 'without a message'}"


def outcome(reply: Reply, now: datetime, page: str) -> Outcome:
    """What the answer to a new note means.

    Args:
        reply: the answer.
        now: when it arrived.
        page: the merge request's address for people.
    """
    match reply.status:
        case 201:
            return _created(reply.json, page)
        case 202:
            # https://docs.gitlab.com/user/project/quick_actions/
            message = (
                "GitLab answered 202: the whole comment is quick actions, so nothing was posted"
            )
            return Refused(message=message, status=202)
        case 401:
            return Unauthorized(message=reply.summary, status=401)
        case 403 if "insufficient_scope" in reply.message:
            message = f"{reply.summary} (the token needs the scope api)"
            return Unauthorized(message=message, status=403)
        case 429:
            return Throttled(wait=wait_of(reply, now), message=reply.summary, status=429)
        case 301 | 302 | 307 | 308:
            return Refused(message=_moved(reply), status=reply.status)
        case 400 | 403 | 404 | 405 | 409 | 410 | 413 | 422 if isinstance(reply.json, dict):
            # A proxy in front of GitLab refuses in HTML, which says nothing about the comment.
            fault = FAULTS.get(reply.status, Fault.COMMENT)
            return Refused(message=reply.summary, status=reply.status, fault=fault)
        case status:
            return Unknown(message=reply.summary, status=status)


def wait_of(reply: Reply, now: datetime) -> timedelta | None:
    """How long GitLab asks to wait, if it says so.

    Args:
        reply: the answer.
        now: when it arrived; used only if the answer has no time by GitLab's own clock, by
            which its limits are counted.
    """
    after = reply.headers.get("retry-after", "").strip()
    if re.fullmatch("[0-9]{1,9}", after):
        return max(timedelta(seconds=int(after)), SECOND)
    reset = reply.headers.get("ratelimit-reset", "").strip()
    if re.fullmatch("[0-9]{1,12}", reset):
        seconds = int(reset) + 1 - (reply.date or now).timestamp()
        return max(timedelta(seconds=seconds), SECOND)
    return None


def _created(note: object, page: str) -> Posted | Unknown:
    number = note.get("id") if isinstance(note, dict) else None
    if type(number) is not int:
        return Unknown(message="GitLab answered 201 without a note's id", status=201)
    return Posted(comment_id=number, url=f"{page}#note_{number}", status=201)


def _moved(reply: Reply) -> str:
    # Nothing was posted: https://docs.gitlab.com/api/rest/#redirects. Redirects are not followed,
    # so that the token is sent to no other host.
    place = printable(reply.headers.get("location", "another place"))
    return f"GitLab answered {reply.status}: it has moved to {place}; queue it for the new name"
