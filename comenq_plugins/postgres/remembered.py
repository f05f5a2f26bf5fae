"""What is known of jobs that are no longer in the history: their keys and their comments.

A job that is old moves from the table ``job`` to the table ``remembered``, without its request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import InvalidRequest, WrongState
from comenq_core.model import CommentRequest, Job, Origin, State
from comenq_core.model.identity import digest_of
from comenq_core.model.past_job import PastJob
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.decoding import comment_ids_in, job_from
from comenq_plugins.postgres.rows import dump

__all__ = [
    "comment_ids_for",
    "erase_deleted",
    "forget",
    "import_past",
    "past_job_of",
    "past_jobs_after",
    "remember",
    "remembered",
]

_REMEMBER = (
    "WITH old AS (DELETE FROM job WHERE id IN (SELECT id FROM job WHERE settled < %s"
    " AND state <> 'deleted' AND (state <> 'failed' OR seen OR settled < %s)"
    " ORDER BY settled LIMIT %s FOR UPDATE SKIP LOCKED)"
    " RETURNING id, target, digest, state, settled, story)"
    " INSERT INTO remembered (id, target, digest, state, settled, story) SELECT * FROM old"
    " ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, settled = EXCLUDED.settled,"
    " story = EXCLUDED.story"
)
_ERASE_DELETED = (
    "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = 'deleted' AND settled < %s"
    " ORDER BY settled LIMIT %s FOR UPDATE SKIP LOCKED)"
)
_FORGET = (
    "DELETE FROM remembered WHERE id IN"
    " (SELECT id FROM remembered WHERE settled < %s ORDER BY settled LIMIT %s)"
)
_KNOWN = "SELECT digest, id, state, settled, story FROM remembered WHERE id = ANY(%s)"
_NEXT = (
    "SELECT id, target, digest, state, settled, story FROM remembered WHERE id > %s"
    " ORDER BY id LIMIT %s"
)
_IMPORT = (
    "INSERT INTO remembered (id, target, digest, state, settled, story) SELECT"
    " %(id)s, %(target)s, %(digest)s, %(state)s, %(settled)s, %(story)s"
    " WHERE NOT EXISTS (SELECT FROM job WHERE id = %(id)s) ON CONFLICT (id) DO NOTHING"
)
# A dropped file that is no request has no digest: there is nothing to remember of it.
_COLUMNS = "SELECT target, digest, story FROM job WHERE id = %s AND digest <> ''"
_SOME = 1_000
# One statement sees a job in one of the tables, at whatever moment it moves.
_STORIES = (
    "SELECT story FROM job WHERE target = %(target)s AND id <> %(id)s"
    " UNION ALL SELECT story FROM remembered WHERE target = %(target)s AND id <> %(id)s"
)


def remember(cursor: Cursor, before: datetime, unseen_before: datetime, limit: int) -> int:
    """Take up to ``limit`` jobs that were settled before this out of the history.

    Args:
        cursor: where it is done.
        before: the moment for all but failed jobs that nobody has seen.
        unseen_before: the moment for those.
        limit: how many at most.
    """
    cursor.execute(_REMEMBER, [before, unseen_before, limit])
    return cursor.rowcount


def erase_deleted(cursor: Cursor, before: datetime, limit: int) -> int:
    """Take up to ``limit`` jobs that were deleted before this out of the history for good."""
    cursor.execute(_ERASE_DELETED, [before, limit])
    return cursor.rowcount


def past_job_of(cursor: Cursor, job: Job, settled: datetime) -> PastJob | None:
    """What to remember of a job in the table ``job``; of a damaged one, what its columns say."""
    if job.request is not None:
        return PastJob.of(job, settled)
    cursor.execute(_COLUMNS, [job.id])
    row = cursor.fetchone()
    return _past_job(job.id, row[0], row[1], job.state, settled, row[2]) if row else None


def past_jobs_after(cursor: Cursor, job_id: str) -> list[PastJob]:
    """Some of what is remembered, by id, of those whose ids come after this one."""
    cursor.execute(_NEXT, [job_id, _SOME])
    return [_past_job(*row) for row in cursor.fetchall()]


def import_past(cursor: Cursor, jobs: Sequence[PastJob]) -> None:
    """Remember these, too, but for those whose ids are known already."""
    cursor.executemany(_IMPORT, [_row(job) for job in jobs])


def forget(cursor: Cursor, before: datetime, limit: int) -> int:
    """Delete up to ``limit`` of those that are remembered and were settled before this."""
    cursor.execute(_FORGET, [before, limit])
    return cursor.rowcount


def remembered(cursor: Cursor, requests: Mapping[str, CommentRequest]) -> dict[str, Job]:
    """The jobs that these requests once were, by id, where they are no longer in the history.

    Args:
        requests: what is asked for, by the id of its job.

    Raises:
        WrongState: one of them was another comment.
        Damaged: one of them cannot be read.
    """
    if not requests:
        return {}
    cursor.execute(_KNOWN, [[*requests]])
    jobs = {}
    for digest, job_id, state, settled, story in cursor.fetchall():
        request = requests[job_id]
        if digest != digest_of(request):
            raise WrongState(f"the key belongs to job {job_id}, which was another comment")
        jobs[job_id] = job_from((job_id, state, settled, to_json(request), story))
    return jobs


def comment_ids_for(cursor: Cursor, job: Job) -> Collection[int | str]:
    """The comments that other jobs have posted on the job's pull request."""
    cursor.execute(_STORIES, {"target": job.asked.target.lower(), "id": job.id})
    return {one for (story,) in cursor.fetchall() for one in comment_ids_in(story)}


def _past_job(
    job_id: str, target: str | None, digest: str, state: str, settled: datetime, story: object
) -> PastJob:
    """What a row says; of a damaged one, what its columns say."""
    columns = {"state": state, "request": None}
    past = PastJob(
        id=job_id,
        digest=digest,
        state=State(state),
        arrived=settled,
        settled=settled,
        target=target or "",
        comments=frozenset(comment_ids_in(story)),
    )
    try:
        job = from_json(Job, {**story, **columns} if isinstance(story, dict) else story)
    except InvalidRequest:
        return past
    return replace(
        past, arrived=job.arrived, url=job.url, comment_id=job.comment_id, reason=job.reason
    )


def _row(past: PastJob) -> dict[str, object]:
    job = Job(
        id=past.id,
        request=None,
        arrived=past.arrived,
        origin=Origin(intake="move"),
        state=past.state,
        settled=past.settled,
        url=past.url,
        comment_id=past.comment_id,
        reason=past.reason,
    )
    story = to_json(job)
    del story["request"]
    return {
        "id": past.id,
        "target": past.target,
        "digest": past.digest,
        "state": str(past.state),
        "settled": past.settled,
        "story": dump({**story, "comments": sorted(past.comments, key=str)}),
    }
