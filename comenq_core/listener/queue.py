"""The queue as intakes use it: for new comments, and for what operators change.

It knows the store and the settings, and nothing of transports. Every change by an operator is
logged with its origin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from threading import Lock

from comenq_core.errors import ComenqError, InvalidRequest, WrongState
from comenq_core.listener import backoffs
from comenq_core.listener.asker import asker
from comenq_core.listener.credentials import Credentials
from comenq_core.listener.enqueue import Enqueuer
from comenq_core.listener.reading import QueueReader
from comenq_core.listener.resolution import resolution
from comenq_core.model import (
    ID_PATTERN,
    Attempt,
    Change,
    CommentRequest,
    Done,
    Entry,
    Job,
    LaneStatus,
    NewJob,
    Origin,
    Pause,
    State,
)
from comenq_core.model.rights import Rights
from comenq_core.policy.admission import FREE, WAKING, Policies, ReadOnce
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import LaneKeeper, Reviewer, Store
from comenq_core.wire.digest import text_digest

__all__ = ["JobQueue"]

log = Log("queue")


class JobQueue(QueueReader):
    """The listener's queue, as `comenq_core.protocols.Queue` describes it.

    Args:
        store: where jobs are kept.
        pace: how far apart posts are, for estimates.
        accounts: the posting accounts and their repositories, where they are known; a comment
            that none of them serves is refused.
        host: the forge's host, where it is known; a comment for another one is refused.
        faults: what of the listener does not work, each in words.
        holds: whether new comments are held that an intake, by its name, has taken in.
        verifies_targets: whether the worker looks early whether a pull request is there.
        lanes: what the settings make of lanes, if they have reviewers.
        can_reply: whether the worker can reply in review threads, as far as is known.
        reviewers: those that the settings name.
        policies: what the settings let users and tokens queue and change.
        hold_secrets: whether comments with a credential are held.
    """

    def __init__(
        self,
        store: Store,
        pace: PacingPolicy,
        accounts: Mapping[str, Sequence[str]] | None = None,
        faults: Callable[[], Sequence[str]] = tuple,
        host: str = "",
        holds: Callable[[str], bool] = lambda _: False,
        *,
        verifies_targets: bool = False,
        lanes: LanePolicy | None = None,
        reviewers: Sequence[Reviewer] = (),
        can_reply: bool = True,
        policies: Policies = FREE,
        hold_secrets: bool = True,
    ) -> None:
        if not isinstance(store, LaneKeeper):
            pace = replace(pace, reply_cooldown=None)
        super().__init__(
            store,
            pace,
            accounts or {},
            faults,
            host,
            lanes,
            Credentials(is_on=hold_secrets),
            verifies_targets=verifies_targets,
        )
        self._policies = policies
        # What a policy counts must not change until the comment is queued: intakes have threads.
        self._counted = Lock() if policies else nullcontext()
        self._enqueuer = Enqueuer(
            store,
            self._accounts,
            host,
            self._credentials,
            policies,
            self._counted,
            holds=holds,
            reviewers=reviewers,
            can_reply=can_reply,
        )

    def submit(self, request: CommentRequest, origin: Origin) -> Entry:
        return self.submit_all([NewJob(request=request, origin=origin)])[0]

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        queued = self._enqueuer.put(new_jobs)
        entries = self._estimated([one.job for one in queued])
        return [
            replace(entry, replaced=one.replaced, notes=one.notes)
            for entry, one in zip(entries, queued, strict=True)
        ]

    def _estimated(self, jobs: Sequence[Job]) -> Sequence[Entry]:
        """The entries of jobs that were changed. An error here must not hide that they were."""
        try:
            return self._explained(self._reviews.to(self._estimates.queued(jobs)))
        except ComenqError as error:
            log.warning("no_estimate", "The place of a comment is not known.", reason=error)
            return [Entry(job=job) for job in jobs]

    def change(self, prefix: str, change: Change, by: Origin, *, was: str | None = None) -> Entry:
        with self._counted:
            self._policies.require_change(change, by, self._store)
            self._require_harmless(prefix, change)
            if was is None:
                job = self._store.change(self._whole_id(prefix), change)
            else:
                found, request = self._as_read(prefix, was)
                job = self._store.change(found.id, change, expect=request)
        _log_change(change, job, by)
        return self._changed([job], change)[0]

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Entry | ComenqError]:
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
        changed = [one for one in results if isinstance(one, Job)]
        entries = iter(self._changed(changed, change))
        return [next(entries) if isinstance(one, Job) else one for one in results]

    def edit(self, prefix: str, body: str, by: Origin, *, was: str | None = None) -> Entry:
        found, request = self._as_read(prefix, was)
        self._policies.require_edit(request, by)
        hold = bool(self._credentials.kind_in(body))
        job = self._store.edit(found, replace(request, body=body), hold=hold)
        log.info("edited", "A person has edited a comment.", job=job.id, **asker(by))
        return self._estimated([job])[0]

    def resolve(self, prefix: str, url: str | None, by: Origin) -> Entry:
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
        return self._estimated([job])[0]

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
            verdict = replace(verdict, reviewer=self._reviews.asked_by(found.id))
        return self._store.resolve(found.id, verdict, attempt), attempt

    def mark_seen(self, job_ids: Collection[str], by: Origin) -> None:
        for job_id in self._store.mark_seen(job_ids):
            log.info("seen", "A person has seen a failed comment.", job=job_id, **asker(by))

    def forget(self, prefix: str, by: Origin) -> Entry:
        job = self._store.forget(self._whole_id(prefix), f"its text was erased by {by.who}")
        log.info("erased", "The text of a comment was erased.", job=job.id, **asker(by))
        return Entry(job=job)

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

    def _changed(self, jobs: Sequence[Job], change: Change) -> Sequence[Entry]:
        if change is Change.CANCEL:
            return [Entry(job=job) for job in jobs]
        return self._estimated(jobs)

    def rights(self, by: Origin) -> Rights:
        return self._policies.rights(by)

    def open_lane(self, reviewer: str, scope: str | None, by: Origin) -> LaneStatus:
        self._policies.require_whole_queue(by)
        opened = self._lanes.open(reviewer, scope)
        log.info(
            "lane_opened", "An operator has opened a lane.", lane=opened.record.lane, **asker(by)
        )
        return opened

    def pause(self, reason: str, by: Origin) -> None:
        self._policies.require_whole_queue(by)
        self._store.pause(Pause(since=self._store.now().wall, reason=reason, by=by.uid))
        log.warning("paused", "The queue is paused.", reason=reason, **asker(by))

    def resume(self, by: Origin) -> None:
        self._policies.require_whole_queue(by)
        backoffs.resume(self._store)
        log.info("resumed", "The queue is resumed.", **asker(by))

    def flush(self, by: Origin) -> int:
        self._policies.require_whole_queue(by)
        ended = backoffs.flush(self._store)
        log.info("flushed", "An operator has ended back-offs.", ended=ended, **asker(by))
        return ended


def _log_change(change: Change, job: Job, by: Origin) -> None:
    log.info(str(change), "An operator changed the queue.", job=job.id, **asker(by))
