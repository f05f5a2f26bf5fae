"""The records that travel through comenq: frozen, keyword-only, with aware datetimes.

A `CommentRequest` is what somebody asks for. A `Job` is a request that the
store has taken. A poster turns a job into an `Outcome`: what the forge said.
`comenq_core.retry` turns that into a `Verdict`: what becomes of the job.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from comenq_core.errors import InvalidRequest
from comenq_core.names import BODY_LIMIT, MAX_NUMBER, OWNER_PATTERN, REPO_PATTERN

__all__ = [
    "BODY_LIMIT",
    "ID_PATTERN",
    "KEY_LIMIT",
    "MAX_NUMBER",
    "OWNER_PATTERN",
    "REPO_PATTERN",
    "Account",
    "Attempt",
    "Buried",
    "CommentRequest",
    "Counts",
    "Done",
    "Entry",
    "InDoubt",
    "Instant",
    "Job",
    "Kept",
    "Origin",
    "Outcome",
    "Pacing",
    "Pause",
    "Posted",
    "Refused",
    "RetryAt",
    "Skipped",
    "State",
    "Status",
    "Submission",
    "Throttled",
    "Unauthorized",
    "Unavailable",
    "Unknown",
    "Verdict",
]

KEY_LIMIT = 200
ID_PATTERN = r"[0-9a-hjkmnp-tv-z]{12}"


def require_aware(name: str, moment: datetime) -> None:
    """Refuse a datetime without an offset: it would mean another instant on another machine."""
    if moment.tzinfo is None:
        raise ValueError(f"{name}: a datetime needs an offset")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRequest:
    """One comment that somebody wants on one pull request.

    Args:
        owner: the account that owns the repository.
        repo: the repository's name, without its owner.
        pr_number: the pull request's number, from 1.
        body: the comment, posted byte for byte; 1 to 262,144 bytes of UTF-8.
        not_before: the earliest instant at which it may be posted.
        key: an idempotency key, 1 to 200 characters: the same key never queues twice.
        if_open: skip the comment when the pull request is no longer open.

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

    def __post_init__(self) -> None:
        if not re.fullmatch(OWNER_PATTERN, self.owner):
            raise InvalidRequest("owner", "must be a GitHub account name: letters, digits, hyphens")
        if not re.fullmatch(REPO_PATTERN, self.repo):
            raise InvalidRequest(
                "repo", "must be a repository name: letters, digits, hyphens, dots, underscores"
            )
        if not 1 <= self.pr_number <= MAX_NUMBER:
            raise InvalidRequest("pr_number", f"must be from 1 to {MAX_NUMBER}")
        self._check_texts()
        if self.not_before is not None and self.not_before.tzinfo is None:
            raise InvalidRequest("not_before", "must have an offset, as in 2026-12-01T09:00:00Z")

    def _check_texts(self) -> None:
        for name, text in (("body", self.body), ("key", self.key or "")):
            if re.search("[\ud800-\udfff]", text):
                raise InvalidRequest(name, "must not hold a lone surrogate")
        if not self.body.strip():
            raise InvalidRequest("body", "must not be empty or blank")
        size = len(self.body.encode())
        if size > BODY_LIMIT:
            raise InvalidRequest("body", f"is {size} bytes of UTF-8; GitHub takes {BODY_LIMIT}")
        if self.key is not None and not 1 <= len(self.key) <= KEY_LIMIT:
            raise InvalidRequest("key", f"must have 1 to {KEY_LIMIT} characters")

    @property
    def target(self) -> str:
        """The pull request as people write it: ``owner/repo#123``."""
        return f"{self.owner}/{self.repo}#{self.pr_number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who handed a request in: the intake's name and, where the kernel vouches for it, who."""

    intake: str
    uid: int | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request with its origin, on the way into a store.

    ``ahead`` puts it at the head of the line, never ahead of the cool-off;
    ``if_absent`` returns the pending job with the same target and body, if there is one.
    """

    request: CommentRequest
    origin: Origin
    ahead: bool = False
    if_absent: bool = False


class State(StrEnum):
    """Where a job stands; the words users see."""

    WAITING = "waiting"
    POSTING = "posting"
    DOUBTFUL = "doubtful"
    HELD = "held"
    POSTED = "posted"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at the forge (or one decision about a job), as `show` tells it.

    Args:
        started, ended: when it reached for the forge, and when it was over.
        account: the posting account that was used.
        outcome: the outcome's word, such as ``posted`` or ``throttled``.
        message: what the forge said, or why it was decided so.
        status: the HTTP status, where there was one.
        counted: whether it counts toward ``max_attempts``.
    """

    started: datetime
    ended: datetime
    account: str
    outcome: str
    message: str = ""
    status: int | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request that a store has taken, and everything known of it.

    Args:
        id: twelve characters of Crockford's base 32, lower case.
        request: what is to be posted; ``None`` for a dropped file that was refused.
        arrived: when the store took it.
        origin: who handed it in.
        state: where it stands.
        due: not to be claimed (or, in doubt, not to be looked for) before this.
        attempts: what was tried, oldest first.
        interruptions: how often a worker died while it had the job.
        settled: when it was posted, skipped or buried.
        url, comment_id: the comment, once posted.
        reason: why it failed, was skipped, or waits.
    """

    id: str
    request: CommentRequest | None
    arrived: datetime
    origin: Origin
    state: State = State.WAITING
    due: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    interruptions: int = 0
    settled: datetime | None = None
    url: str = ""
    comment_id: int | str | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(ID_PATTERN, self.id):
            raise ValueError("id: must be twelve characters of lower-case Crockford base 32")
        require_aware("arrived", self.arrived)

    @property
    def tries(self) -> int:
        """How many attempts count toward ``max_attempts``."""
        return sum(attempt.counted for attempt in self.attempts)

    @property
    def asked(self) -> CommentRequest:
        """The request, for a job that has one (every job that a store hands out to post).

        Raises:
            ValueError: the job is a refused file.
        """
        if self.request is None:
            raise ValueError(f"job {self.id} is a refused file and has no request")
        return self.request


# What the forge said -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The comment is on the pull request."""

    comment_id: int | str
    url: str
    status: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The forge asks for silence: no request at all for ``wait``, or for core's own back-off.

    ``wait`` is ``None`` where the forge named no time, as its secondary limits often do.
    """

    wait: timedelta | None
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Nothing was sent: refused connection, failed name look-up, failed TLS handshake."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The request may or may not have been carried out: look before posting again."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The forge will never take this comment: locked, gone, not accessible, invalid."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorized:
    """The forge does not accept the credential; asking again makes it worse."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The comment was not wanted any more: a condition of the request does not hold."""

    message: str
    status: int | None = None


Outcome = Posted | Throttled | Unavailable | Unknown | Refused | Unauthorized | Skipped


# What becomes of the job -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The job is over. With a ``url`` it was posted; without, skipped for ``reason``."""

    url: str = ""
    comment_id: int | str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """The job is queued again and may not be claimed before ``due``."""

    due: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The job goes back to its own place in the line, as if it had not been tried."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The job may be posted already: the forge is to be asked, not before ``look_at``."""

    look_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    """The job is a dead letter, kept with its reason until an operator decides."""

    reason: str


Verdict = Done | RetryAt | Kept | InDoubt | Buried


# Time and pace -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment on two clocks: the wall's, and one that nobody can set.

    Args:
        wall: an aware datetime.
        boot: which boot ``ticks`` belongs to; ``""`` where there is no such clock.
        ticks: seconds since that boot, sleep included.
    """

    wall: datetime
    boot: str = ""
    ticks: float = 0.0

    def __post_init__(self) -> None:
        require_aware("wall", self.wall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """What a posting account owes the forge: recorded before an attempt, corrected after it.

    It holds facts, not deadlines, so that a changed cool-off setting takes effect at once.

    Args:
        account: the posting account.
        at: when the last attempt ended or, while ``margin`` is positive, began.
        margin: how many seconds that attempt may still have lasted after ``at``.
        flutter: seconds added to this cool-off, drawn once.
        quiet: seconds after ``at`` in which the forge wants no request at all.
        reason: why it is quiet, for people.
        job: the id of the job that was attempted.
        streak: how many attempts in a row were throttled or unavailable.
        refused: the fingerprint of a credential that the forge rejected, or ``""``.
    """

    account: str
    at: Instant
    margin: float = 0.0
    flutter: float = 0.0
    quiet: float = 0.0
    reason: str = ""
    job: str = ""
    streak: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The operator's wish that nothing be posted."""

    since: datetime
    reason: str
    by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many jobs stand where."""

    waiting: int = 0
    posting: int = 0
    held: int = 0
    posted: int = 0
    failed: int = 0


# What users see ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job with its place in the line.

    Args:
        position: how many jobs are to be posted before it.
        eta_seconds: in about how many seconds it will be posted; ``None`` where nobody can tell.
    """

    job: Job
    position: int = 0
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one posting account waits for.

    Args:
        name: the account.
        post_in: seconds until it may post; ``None`` while its credential is refused.
        reason: why it waits, or ``""`` when it is only cooling off.
    """

    name: str
    post_in: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole queue at one moment."""

    counts: Counts
    paused: Pause | None
    accounts: tuple[Account, ...]
