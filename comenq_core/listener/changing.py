"""What operators change of single jobs: whether they may, the change, and the log of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from comenq_core.errors import ComenqError, InvalidRequest, WrongState
from comenq_core.listener.asker import asker
from comenq_core.listener.credentials import Credentials
from comenq_core.listener.resolution import resolution
from comenq_core.model import ID_PATTERN, Attempt, Change, CommentRequest, Done, Job, Origin, State
from comenq_core.policy.admission import WAKING, Policies, ReadOnce
from comenq_core.process.log import Log
from comenq_core.protocols import Store
from comenq_core.wire.digest import text_digest

__all__ = ["Changing"]

log = Log("queue")


class Changing:
    """Changes jobs for operators. Every method raises what `comenq_core.protocols.Queue` says.

    Args:
        store: where jobs are kept.
        credentials: looks for credentials in comments.
        policies: what the settings let users and tokens change.
        counted: held while a policy counts, until the change is made.
        asked_by: the reviewer whose answer to a job is awaited, by the job's id; ``""`` if none.
    """

    def __init__(
        self,
        store: Store,
        credentials: Credentials,
        policies: Policies,
        counted: AbstractContextManager[object],
        asked_by: Callable[[str], str],
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._policies = policies
        self._counted = counted
        self._asked_by = asked_by

    def change(self, prefix: str, change: Change, by: Origin, was: str | None) -> Job:
        """Make a change to one job, if its text is still the one with the SHA-256 ``was``."""
        with self._counted:
            self._policies.require_change(change, by, self._store)
            self._require_harmless(prefix, change)
            if was is None:
                job = self._store.change(self._whole_id(prefix), change)
            else:
                found, request = self._as_read(prefix, was)
                job = self._store.change(found.id, change, expect=request)
        _log_change(change, job, by)
        return job

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Job | ComenqError]:
        """Make a change to several jobs; return each as it is now, or why it is not changed."""
        askers = [by for _, by in wanted]
        with self._counted:
            reader = ReadOnce(self._store)
            found = [
                self._found(prefix, by, change, reader, askers[:nth])
                for nth, (prefix, by) in enumerate(wanted)
            ]
            job_ids = [one for one in found if isinstance(one, str)]
            made = iter(self._store.change_all(job_ids, change))
        results = [next(made) if isinstance(one, str) else one for one in found]
        for result, (_, by) in zip(results, wanted, strict=True):
            if isinstance(result, Job):
                _log_change(change, result, by)
        return results

    def edit(self, prefix: str, body: str, by: Origin, was: str | None) -> Job:
        """Replace a job's text; the job is held if the new one has a credential."""
        found, request = self._as_read(prefix, was)
        self._policies.require_edit(request, by)
        hold = bool(self._credentials.kind_in(body))
        job = self._store.edit(found, replace(request, body=body), hold=hold)
        log.info("edited", "A person has edited a comment.", job=job.id, **asker(by))
        return job

    def resolve(self, prefix: str, url: str | None, by: Origin) -> Job:
        """Record that a job's comment is posted at ``url``, or with ``None`` that it is not."""
        with self._counted:
            job, attempt = self._resolved(prefix, url, by)
        log.info(
            "resolved",
            "A person has said whether a comment is posted.",
            job=job.id,
            outcome=attempt.outcome,
            url=job.url or None,
            **asker(by),
        )
        return job

    def _resolved(self, prefix: str, url: str | None, by: Origin) -> tuple[Job, Attempt]:
        """The job once it is resolved, and the attempt that records who has done it."""
        if url is None:
            # The comment waits again, as after a retry.
            self._policies.require_change(Change.RETRY, by, self._store)
            self._require_harmless(prefix, Change.RETRY)
        found = self._store.get(prefix)
        verdict, attempt = resolution(found, url, by, self._store.now().wall)
        if attempt.comment_id is not None and attempt.comment_id in self._store.comment_ids(found):
            raise InvalidRequest("posted", "is the comment of another job")
        if isinstance(verdict, Done):
            verdict = replace(verdict, reviewer=self._asked_by(found.id))
        return self._store.resolve(found.id, verdict, attempt), attempt

    def mark_seen(self, job_ids: Collection[str], by: Origin) -> None:
        """Record that a person has seen these failed jobs."""
        for job_id in self._store.mark_seen(job_ids):
            log.info("seen", "A person has seen a failed comment.", job=job_id, **asker(by))

    def forget(self, prefix: str, by: Origin) -> Job:
        """Erase the text of a job; return the job as it was."""
        job = self._store.forget(self._whole_id(prefix), f"its text was erased by {by.who}")
        log.info("erased", "The text of a comment was erased.", job=job.id, **asker(by))
        return job

    def _require_harmless(self, prefix: str, change: Change) -> None:
        """Refuse to have a comment with a credential wait again, unless it would be held."""
        if change not in WAKING:
            return
        job = self._store.get(prefix)
        if job.state in (State.DELETED, State.FAILED) and not job.was_held:
            self._credentials.require_none(job)

    def _as_read(self, prefix: str, was: str | None) -> tuple[Job, CommentRequest]:
        """A job and its request, if its text is the one with this SHA-256, or any for ``None``."""
        found = self._store.get(prefix)
        if found.request is None:
            raise WrongState(f"job {found.id} is a dropped file that is no request")
        if was is not None and was != text_digest(found.request.body):
            raise WrongState(f"the text of job {found.id} was changed since it was read")
        return found, found.request

    def _found(
        self,
        prefix: str,
        by: Origin,
        change: Change,
        reader: ReadOnce,
        earlier: Sequence[Origin],
    ) -> str | ComenqError:
        """The id of a job, or why it is not changed; one each is changed for the ``earlier``."""
        try:
            self._policies.require_change(change, by, reader, earlier)
            self._require_harmless(prefix, change)
            return self._whole_id(prefix)
        except ComenqError as error:
            return error

    def _whole_id(self, prefix: str) -> str:
        return prefix if re.fullmatch(ID_PATTERN, prefix) else self._store.get(prefix).id


def _log_change(change: Change, job: Job, by: Origin) -> None:
    log.info(str(change), "An operator changed the queue.", job=job.id, **asker(by))
