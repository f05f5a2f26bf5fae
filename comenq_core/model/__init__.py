"""The records that travel through comenq: frozen, keyword-only, with aware datetimes.

A `CommentRequest` asks for a comment. A `Job` is a request that the store has taken. A poster
turns a job into an `Outcome`: what the forge said. `comenq_core.policy.retry` turns that into a
`Verdict`: what becomes of the job. A reviewer turns the `Answer` of a review bot into a `Reading`.

A record checks the types of its members when it is made, so that what is acknowledged and stored
can be read again. A `CommentRequest` raises `InvalidRequest`, the others raise `InvalidMember`,
which is a ValueError; both name the member.
"""

from __future__ import annotations

from comenq_core.limits import (
    BODY_LIMIT,
    MAX_COMMENT_ID,
    MAX_NUMBER,
    OWNER_PATTERN,
    REPO_PATTERN,
)
from comenq_core.model.answer import Answer, Channel, Reading, ReadingKind
from comenq_core.model.check_result import CheckResult, Severity
from comenq_core.model.conversation import (
    LOOKBACK,
    Conversation,
    Remark,
    Sighting,
    Snapshot,
    Validator,
)
from comenq_core.model.following import Conclusion, Ending, Evidence, Follow, Following
from comenq_core.model.job import ID_PATTERN, PENDING, SETTLED, Attempt, Change, Job, State
from comenq_core.model.lane import REPLIES, Division, Lane, LaneRecord, Scope
from comenq_core.model.outcome import (
    OUTCOME_WORDS,
    Blocked,
    Candidate,
    Demand,
    Fault,
    Outcome,
    Posted,
    Refused,
    Similar,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
    Verified,
)
from comenq_core.model.pacing import (
    ONE_PROCESS,
    Cause,
    Instant,
    LastAttempt,
    Pacing,
    Pause,
    Posts,
)
from comenq_core.model.record import InvalidMember
from comenq_core.model.request import KEY_LIMIT, CommentRequest, NewJob, Origin
from comenq_core.model.review import Review, review_of
from comenq_core.model.status import (
    Account,
    Activity,
    Capacity,
    Counts,
    Entry,
    Health,
    LaneStatus,
    Status,
)
from comenq_core.model.verdict import (
    Answered,
    Checking,
    Done,
    Failed,
    Requeued,
    RetryAt,
    Unconfirmed,
    Verdict,
)

__all__ = [
    "BODY_LIMIT",
    "ID_PATTERN",
    "KEY_LIMIT",
    "LOOKBACK",
    "MAX_COMMENT_ID",
    "MAX_NUMBER",
    "ONE_PROCESS",
    "OUTCOME_WORDS",
    "OWNER_PATTERN",
    "PENDING",
    "REPLIES",
    "REPO_PATTERN",
    "SETTLED",
    "Account",
    "Activity",
    "Answer",
    "Answered",
    "Attempt",
    "Blocked",
    "Candidate",
    "Capacity",
    "Cause",
    "Change",
    "Channel",
    "CheckResult",
    "Checking",
    "CommentRequest",
    "Conclusion",
    "Conversation",
    "Counts",
    "Demand",
    "Division",
    "Done",
    "Ending",
    "Entry",
    "Evidence",
    "Failed",
    "Fault",
    "Follow",
    "Following",
    "Health",
    "Instant",
    "InvalidMember",
    "Job",
    "Lane",
    "LaneRecord",
    "LaneStatus",
    "LastAttempt",
    "NewJob",
    "Origin",
    "Outcome",
    "Pacing",
    "Pause",
    "Posted",
    "Posts",
    "Reading",
    "ReadingKind",
    "Refused",
    "Remark",
    "Requeued",
    "RetryAt",
    "Review",
    "Scope",
    "Severity",
    "Sighting",
    "Similar",
    "Skipped",
    "Snapshot",
    "State",
    "Status",
    "Throttled",
    "Unauthorized",
    "Unavailable",
    "Unconfirmed",
    "Unknown",
    "Validator",
    "Verdict",
    "Verified",
    "review_of",
]
