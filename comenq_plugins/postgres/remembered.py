"""What is known of jobs that are no longer in the history: their keys and their comments.

A job that is old moves from the table ``job`` to the table ``remembered``, without its request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from comenq_core.errors import WrongState
from comenq_core.model import CommentRequest, Job
from comenq_core.model.identity import digest_of
from comenq_core.wire.codec import to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.decoding import comment_ids_in, job_from

__all__ = ["comment_ids_for", "forget", "remember", "remembered"]

_REMEMBER = (
    "WITH old AS (DELETE FROM job WHERE id IN (SELECT id FROM job WHERE settled < %s"
    " ORDER BY settled LIMIT %s FOR UPDATE SKIP LOCKED)"
    " RETURNING id, target, digest, state, settled, story)"
    " INSERT INTO remembered (id, target, digest, state, settled, story) SELECT * FROM old"
    " ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, settled = EXCLUDED.settled,"
    " story = EXCLUDED.story"
)
_FORGET = (
    "DELETE FROM remembered WHERE id IN"
    " (SELECT id FROM remembered WHERE settled < %s ORDER BY settled LIMIT %s)"
)
_KNOWN = "SELECT digest, id, state, settled, story FROM remembered WHERE id = ANY(%s)"
# One statement sees a job in one of the tables, at whatever moment it moves.
_STORIES = (
    "SELECT story FROM job WHERE target = %(target)s AND id <> %(id)s"
    " UNION ALL SELECT story FROM remembered WHERE target = %(target)s AND id <> %(id)s"
)


def remember(cursor: Cursor, before: datetime, limit: int) -> int:
    """Take up to ``limit`` jobs that were settled before this out of the history."""
    cursor.execute(_REMEMBER, [before, limit])
    return cursor.rowcount


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
