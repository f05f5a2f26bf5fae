"""New comments: which are refused, which are held, and which take the place of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from comenq_core.errors import ComenqError, InvalidRequest, PolicyRefused, QueueRefused, WrongState
from comenq_core.listener.asker import asker
from comenq_core.listener.credentials import Credentials
from comenq_core.listener.replacing import replaced_job
from comenq_core.listener.trigger_notes import TriggerNotes
from comenq_core.model import CommentRequest, Job, NewJob, Origin
from comenq_core.model.serving import CANNOT_REPLY, elsewhere, unserved
from comenq_core.policy.admission import Policies, ReadOnce
from comenq_core.process.log import Log
from comenq_core.protocols import Reviewer, Store

__all__ = ["Enqueued", "Enqueuing"]

log = Log("queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued:
    """A comment that is queued.

    Args:
        job: its job.
        replaced: whether it has taken the place of another comment.
        notes: what to tell of it, each in words.
    """

    job: Job
    replaced: bool
    notes: tuple[str, ...]


class Enqueuing:
    """Queues new comments, and logs each, or why they are refused.

    Args:
        store: where jobs are kept.
        accounts: the posting accounts and their repositories, where they are known.
        host: the forge's host, where it is known.
        credentials: looks for credentials in comments, which are held then.
        policies: what the settings let users and tokens queue.
        counted: held while a policy counts, until the comment is queued.
        holds: whether comments are held that an intake, by its name, has taken in.
        reviewers: those that the settings name.
        can_reply: whether the worker can reply in review threads, as far as is known.
    """

    def __init__(
        self,
        store: Store,
        accounts: Mapping[str, Sequence[str]],
        host: str,
        credentials: Credentials,
        policies: Policies,
        counted: AbstractContextManager[object],
        *,
        holds: Callable[[str], bool],
        reviewers: Sequence[Reviewer],
        can_reply: bool,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._host = host
        self._credentials = credentials
        self._policies = policies
        self._counted = counted
        self._holds = holds
        self._notes = TriggerNotes(reviewers, accounts) if reviewers else None
        self._can_reply = can_reply
        self._fault = ""

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Enqueued]:
        """Queue these; return what is known of each, in the same order.

        Raises:
            InvalidRequest: nobody here can post a comment.
            PolicyRefused: the settings do not allow one.
            StoreError: the store does not take them.
        """
        for new_job in new_jobs:
            self._require_served(new_job.request)
        try:
            notes = self._notes_on(new_jobs)
            with self._counted:
                wanted = self._admitted(new_jobs)
                replaced = self._replaced(wanted)
                put = iter(self._store.put([one for one in wanted if one not in replaced]))
        except ComenqError as error:
            self._log_refusal(error, [one.origin for one in new_jobs])
            raise
        if self._fault:
            self._fault = ""
            log.info("taking", "Comments are taken again.")
        jobs = [replaced.get(one) or next(put) for one in wanted]
        for job in jobs:
            log.info(
                "queued",
                "A comment is queued.",
                job=job.id,
                target=job.asked.place,
                intake=job.origin.intake,
                **asker(job.origin),
            )
        return [
            Enqueued(job=job, replaced=one in replaced, notes=its)
            for job, one, its in zip(jobs, wanted, notes, strict=True)
        ]

    def _require_served(self, request: CommentRequest) -> None:
        if reason := elsewhere(request, self._host):
            raise InvalidRequest("host", reason)
        if request.in_reply_to is not None and not self._can_reply:
            raise InvalidRequest("in_reply_to", CANNOT_REPLY)
        if reason := unserved(request, self._accounts):
            raise InvalidRequest("account" if request.account else "", reason)

    def _notes_on(self, new_jobs: Sequence[NewJob]) -> Sequence[tuple[str, ...]]:
        """What to tell of each, found before anything is queued: a fault must not hide that."""
        if self._notes is None:
            return [()] * len(new_jobs)
        records = self._store.pacing()
        return [self._notes.on(one.request, records) for one in new_jobs]

    def _admitted(self, new_jobs: Sequence[NewJob]) -> Sequence[NewJob]:
        wanted = [
            replace(one, hold=True)
            if self._holds(one.origin.intake)
            else self._credentials.admitted(one)
            for one in new_jobs
        ]
        return self._policies.admitted(wanted, ReadOnce(self._store))

    def _replaced(self, new_jobs: Sequence[NewJob]) -> Mapping[NewJob, Job]:
        """The jobs whose comments are replaced; the other new jobs are to be queued."""
        return {
            one: job
            for one in new_jobs
            if one.replace and (job := replaced_job(self._store, one, self._policies))
        }

    def _log_refusal(self, error: ComenqError, askers: Sequence[Origin]) -> None:
        """Log that comments are refused, once for all clients unless a policy is for some."""
        if isinstance(error, PolicyRefused):
            # Of several clients that ask at once, these may be the ones; each asks alone then.
            for by in dict.fromkeys(askers):
                if self._policies.names(error.policy, by):
                    log.warning("policy_refused", "A policy does not allow a comment.",
                                policy=error.policy, reason=error, **asker(by),
                                via=by.via)  # fmt: skip
            return
        fault = error.why if isinstance(error, QueueRefused) else error.code
        # A key that belongs to another comment concerns that client alone.
        if fault != self._fault and not isinstance(error, WrongState):
            self._fault = fault
            log.error("refusing", "Comments are refused.", code=fault, reason=error)
