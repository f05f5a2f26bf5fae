"""The ids of jobs, and which jobs are the same. Pure, and public for stores of your own.

All stores make ids in the same way, so that an idempotency key still means the same job after the
queue was moved to another store: a job with a key has the id `id_of_key`, any other one `id_from`
random bytes. `comenq_core.protocols.JobWriter.put` says what a store does with an id that it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import CommentRequest, Job
from comenq_core.text import printable

__all__ = [
    "comment_ids_of",
    "digest_of",
    "id_from",
    "id_of_key",
    "is_for_repo",
    "is_listed",
    "is_same_comment",
    "is_same_job",
    "is_via",
    "only_match",
    "require_same_comment",
]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]


def id_from(seed: bytes) -> str:
    """The id of a job without a key: twelve characters as `comenq_core.model.ID_PATTERN` has it.

    Args:
        seed: for example sixteen random bytes.
    """
    return _base32(hashlib.sha256(seed).digest(), 12)


def id_of_key(key: str) -> str:
    """The id of the job that has this idempotency key."""
    return id_from(b"key:" + key.encode())


def only_match(prefix: str, ids: Collection[str]) -> str:
    """The one id that begins with ``prefix``.

    Args:
        prefix: what somebody gave for an id.
        ids: those that begin with it; of very many, a few will do.

    Raises:
        NoSuchJob: there is none, or there are several.
    """
    shown = printable(prefix, 12)
    match sorted(ids):
        case []:
            raise NoSuchJob(f"{shown}: no job has an id that begins so")
        case [job_id]:
            return job_id
        case several:
            some = ", ".join(several[:5])
            raise NoSuchJob(f"{shown}: several jobs begin so ({some} …); give more of the id")


def digest_of(request: CommentRequest) -> str:
    """Eight characters that are equal for the same comment, by which a store can index its jobs.

    Different comments may have the same ones: compare them with `is_same_comment`.
    """
    # A comenq that knows no replies makes another one, and does not post what it cannot tell.
    thread = "" if request.in_reply_to is None else f" {request.in_reply_to}"
    text = f"{request.target.lower()}{thread}\0{request.body}"
    return _base32(hashlib.sha256(text.encode()).digest(), 8)


def is_same_comment(job: Job, request: CommentRequest) -> bool:
    """Whether a job has this target, in upper or lower case, this thread and this body.

    For ``if_absent``: the same words in another thread are another comment.
    """
    return job.request is not None and _comment(job.request) == _comment(request)


def _comment(request: CommentRequest) -> tuple[str, int | None, str]:
    return request.target.lower(), request.in_reply_to, request.body


def require_same_comment(job: Job, request: CommentRequest) -> None:
    """Refuse a request with a key that belongs to a job with another comment.

    Raises:
        WrongState: the job has another comment.
    """
    if not is_same_comment(job, request):
        raise WrongState(f"the key belongs to job {job.id}, which is another comment")


def is_for_repo(job: Job, repo: str) -> bool:
    """Whether a job is for this repository, ``OWNER/REPO``, in upper or lower case."""
    asked = job.request
    return asked is not None and asked.repository == repo.lower()


def is_listed(job: Job, repo: str | None, pr_number: int | None) -> bool:
    """Whether a listing for a repository, a pull request's number or both has a job."""
    is_in_repo = repo is None or is_for_repo(job, repo)
    number = job.request.pr_number if job.request else None
    return is_in_repo and pr_number in {None, number}


def is_via(job: Job, word: str | None) -> bool:
    """Whether the client that has queued a job calls itself so, or begins with these words.

    ``mcp`` is every client that calls itself ``mcp`` and something; ``None`` is all jobs.
    """
    return word is None or f"{job.origin.via or ''} ".startswith(f"{word} ")


def comment_ids_of(job: Job) -> Collection[int | str]:
    """The ids of all comments that are this job's: the one that it has, and what attempts made."""
    found = (job.comment_id, *(attempt.comment_id for attempt in job.attempts))
    return {comment_id for comment_id in found if comment_id is not None}


def is_same_job(job: Job, other: Job) -> bool:
    """Whether jobs of two stores with the same id are the same: both have this comment, or none."""
    if other.request is None:
        return job.request is None
    return is_same_comment(job, other.request)


def _base32(data: bytes, length: int) -> str:
    number = int.from_bytes(data[:8], "big")
    return "".join([_PAIRS[number >> bit & 1023] for bit in range(0, 5 * length, 10)])
