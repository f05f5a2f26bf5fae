"""The queue as intakes use it: for new comments, and for what operators change.

It knows the store and the settings, and nothing of transports. Every change by an operator is
logged with its origin.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from comenq_core.errors import ComenqError, QueueRefused, WrongState
from comenq_core.listener.estimates import Estimates
from comenq_core.model import (
    ID_PATTERN,
    PENDING,
    Account,
    Change,
    CommentRequest,
    Entry,
    Instant,
    Job,
    NewJob,
    Origin,
    Pacing,
    Pause,
    State,
    Status,
)
from comenq_core.model.identity import is_for_repo
from comenq_core.policy import pacing
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import RepoFilter, Store

__all__ = ["JobQueue"]

log = Log("queue")


class JobQueue:
    """The listener's queue.

    Args:
        store: where jobs are kept.
        pace: how far apart posts are, for estimates.
    """

    def __init__(self, store: Store, pace: PacingPolicy) -> None:
        self._store = store
        self._pace = pace
        self._estimates = Estimates(store, pace)
        self._fault = ""

    def submit(self, request: CommentRequest, origin: Origin) -> Entry:
        """Queue one request; durable on return. Raises as `submit_all`."""
        return self.submit_all([NewJob(request=request, origin=origin)])[0]

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        """Queue all of these or, with an error, none; durable on return.

        Raises:
            QueueRefused: the queue (``queue_full``) or its disk (``disk_full``) is full.
            StoreError: the store failed; nothing was acknowledged.
        """
        try:
            jobs = self._store.put(new_jobs)
        except ComenqError as error:
            self._log_refusal(error)
            raise
        self._log_recovery()
        for job in jobs:
            origin = job.origin
            log.info("queued", "A comment is queued.", job=job.id, target=job.asked.target,
                     intake=origin.intake, uid=origin.uid)  # fmt: skip
        return self._estimated(jobs)

    def _log_refusal(self, error: ComenqError) -> None:
        """Log that comments are refused, once for all clients."""
        fault = error.why if isinstance(error, QueueRefused) else error.code
        # A key that belongs to another comment concerns that client alone.
        if fault != self._fault and not isinstance(error, WrongState):
            self._fault = fault
            log.error("refusing", "Comments are refused.", code=fault, reason=error)

    def _log_recovery(self) -> None:
        if self._fault:
            self._fault = ""
            log.info("taking", "Comments are taken again.")

    def _estimated(self, jobs: Sequence[Job]) -> Sequence[Entry]:
        """The entries of queued jobs. An error here must not make a client queue them again."""
        try:
            return self._estimates.queued(jobs)
        except ComenqError as error:
            log.warning("no_estimate", "The place of a comment is not known.", reason=error)
            return [Entry(job=job) for job in jobs]

    def pending(
        self,
        limit: int | None = None,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Entry]:
        """The jobs in one of these states, in their order, from ``offset`` on."""
        jobs = self._store.pending(limit=limit, offset=offset, states=states)
        return self._estimates.listed(jobs)

    def pending_in(
        self,
        repo: str,
        limit: int,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Entry | None]:
        """What `pending` lists, with ``None`` in place of jobs for others than ``OWNER/REPO``."""
        store = self._store
        if isinstance(store, RepoFilter):
            found = store.pending_in(repo, limit=limit, offset=offset, states=states)
        else:
            jobs = store.pending(limit=limit, offset=offset, states=states)
            found = [job if is_for_repo(job, repo) else None for job in jobs]
        return self._estimates.found(found)

    def show(self, prefix: str) -> Entry:
        """The one job whose id begins with ``prefix``.

        Raises:
            NoSuchJob: there is none, or there are several.
        """
        return self._estimates.entry(self._store.get(prefix))

    def history(self, limit: int, *, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest settled jobs, newest last, without the ``offset`` very newest."""
        return self._store.history(limit=limit, offset=offset, only_failed=only_failed)

    def change(self, prefix: str, change: Change, by: Origin) -> Entry:
        """Change the one job whose id begins with ``prefix``.

        Raises:
            NoSuchJob: there is none, or there are several.
            WrongState: its state does not allow it.
        """
        job = self._store.change(self._whole_id(prefix), change)
        _log_change(change, job, by)
        return self._changed([job], change)[0]

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Entry | ComenqError]:
        """Change several jobs; what `change` would return or raise for each.

        Raises:
            StoreError: it is not known which of the changes are durable; perhaps none.
        """
        found = [self._found(prefix) for prefix, _ in wanted]
        job_ids = [one for one in found if isinstance(one, str)]
        made = iter(self._store.change_all(job_ids, change))
        results = [next(made) if isinstance(one, str) else one for one in found]
        for result, (_, by) in zip(results, wanted, strict=True):
            if isinstance(result, Job):
                _log_change(change, result, by)
        changed = [one for one in results if isinstance(one, Job)]
        entries = iter(self._changed(changed, change))
        return [next(entries) if isinstance(one, Job) else one for one in results]

    def _found(self, prefix: str) -> str | ComenqError:
        try:
            return self._whole_id(prefix)
        except ComenqError as error:
            return error

    def _whole_id(self, prefix: str) -> str:
        return prefix if re.fullmatch(ID_PATTERN, prefix) else self._store.get(prefix).id

    def _changed(self, jobs: Sequence[Job], change: Change) -> Sequence[Entry]:
        if change is Change.CANCEL:
            return [Entry(job=job) for job in jobs]
        return self._estimates.entries(jobs)

    def pause(self, reason: str, by: Origin) -> None:
        """Post nothing until `resume`, across restarts."""
        self._store.pause(Pause(since=self._store.now().wall, reason=reason, by=by.uid))
        log.warning("paused", "The queue is paused.", reason=reason, uid=by.uid)

    def resume(self, by: Origin) -> None:
        """Post again, also with a credential that the forge has rejected."""
        self._store.resume()
        log.info("resumed", "The queue is resumed.", uid=by.uid)

    def _account(self, record: Pacing, now: Instant) -> Account:
        wait = None if record.rejected_credential else pacing.until_post(record, now, self._pace)
        reason = "" if wait == 0 else record.reason
        return Account(name=record.account, post_in=wait, reason=reason, posts=record.posts)

    def status(self) -> Status:
        """The whole queue at this moment."""
        now = self._store.now()
        accounts = tuple(self._account(record, now) for record in self._store.pacing().values())
        first = self.pending(1, states=[State.WAITING])
        return Status(
            counts=self._store.counts(),
            paused=self._store.paused(),
            accounts=accounts,
            next=first[0] if first else None,
            health=self._store.health(),
        )


def _log_change(change: Change, job: Job, by: Origin) -> None:
    log.info(str(change), "An operator changed the queue.", job=job.id, uid=by.uid)
