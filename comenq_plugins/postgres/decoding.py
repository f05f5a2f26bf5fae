"""Rows as jobs, also such as cannot be read: damaged ones, or those of a newer comenq. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from comenq_core.errors import InvalidRequest, WrongState
from comenq_core.model import Job, Origin, State
from comenq_core.text import printable
from comenq_core.wire.codec import from_json
from comenq_core.wire.vocabulary import EARLIER_STATES

__all__ = [
    "Damaged",
    "comment_ids_in",
    "in_column",
    "job_from",
    "job_or_columns",
    "job_or_dead_letter",
]

_REPLY = "reply"
_EPOCH = datetime.fromtimestamp(0, UTC)
_NOT_HELD = (*(state for state in State if state is not State.HELD), *EARLIER_STATES)


class Damaged(WrongState):
    """A row cannot be read as a job: it was damaged, or a newer comenq has written it.

    It concerns this job alone, and does not stop the others as a fault of the store would.

    Args:
        job_id: the row's id, which may be anything.
        reason: what is wrong with the row, without quoting it.
    """

    def __init__(self, job_id: str, reason: str) -> None:
        self.job_id = job_id
        self.reason = reason
        shown = printable(job_id, 12)
        super().__init__(
            f"job {shown}: its row in PostgreSQL's table job cannot be read: {reason}; upgrade"
            f" comenq if a newer one wrote it, mend the row, or delete it: comenq del {shown}"
        )


def job_from(record: Sequence[Any]) -> Job:
    """The job in a row of ``id, state, settled, request, story``.

    Where the story names another state than the column, the column counts: queries use it. The
    story of a row that failed because nobody could read it still says what the job was before: if
    that is not known, it counts as held.

    Raises:
        Damaged: the row cannot be read.
    """
    job_id, state, _, request, story = record
    is_reply = isinstance(request, dict) and _REPLY in request
    columns = {"state": state, "request": request[_REPLY] if is_reply else request}
    try:
        job = from_json(Job, {**story, **columns} if isinstance(story, dict) else story)
    except InvalidRequest as error:
        raise Damaged(job_id, str(error)) from error
    if job.id != job_id:
        raise Damaged(job_id, "it describes another job")
    # The column is `failed` for an unreadable row, too; the story only for a dropped file.
    if job.request is None and story.get("state") != State.FAILED:
        raise Damaged(job_id, "it has no request")
    may_be_held = state in (State.FAILED, State.DELETED) and story.get("state") not in _NOT_HELD
    return replace(job, was_held=True) if may_be_held else job


def in_column(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request's JSON as its column has it.

    A worker of a version that knows no replies may still run, and must not read one as a comment
    on the pull request as a whole: to it, the row is damaged.
    """
    return request if request["in_reply_to"] is None else {_REPLY: request}


def job_or_dead_letter(record: Sequence[Any]) -> Job:
    """The job in a row; a damaged one that has failed already is shown without its request.

    Raises:
        Damaged: it cannot be read, and has not failed yet.
    """
    _, state, *_ = record
    return job_or_columns(record) if state == State.FAILED else job_from(record)


def job_or_columns(record: Sequence[Any]) -> Job:
    """The job in a row; of a damaged one, what its columns say.

    Raises:
        Damaged: they cannot be read either.
    """
    try:
        return job_from(record)
    except Damaged as error:
        return _from_columns(record, error)


def comment_ids_in(story: object) -> Collection[int | str]:
    """The comments that a job's story names: its own, and those that attempts made or found.

    It reads no more than that, so that a row which is no whole job still says which they are.
    """
    if not isinstance(story, dict):
        return ()
    attempts = story.get("attempts")
    parts = [story, *attempts] if isinstance(attempts, list) else [story]
    found = [part.get("comment_id") for part in parts if isinstance(part, dict)]
    imported = story.get("comments")
    found += imported if isinstance(imported, list) else []
    return [one for one in found if isinstance(one, int | str)]


def _from_columns(record: Sequence[Any], error: Damaged) -> Job:
    job_id, state, settled, *_ = record
    try:
        return Job(
            id=job_id,
            request=None,
            arrived=settled or _EPOCH,
            origin=Origin(intake="postgres"),
            state=State(state),
            settled=settled,
            reason=f"its row in PostgreSQL's table job cannot be read: {error.reason}",
        )
    except ValueError:
        raise error from None
