"""The queue as intakes use it: for new comments, and for what operators change.

It knows the store and the settings, and nothing of transports. Every change by an operator is
logged with its origin.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from threading import Lock

from comenq_core.errors import ComenqError
from comenq_core.listener import backoffs
from comenq_core.listener.asker import asker
from comenq_core.listener.changing import Changing
from comenq_core.listener.credentials import Credentials
from comenq_core.listener.enqueuing import Enqueuing
from comenq_core.listener.reading import QueueReader
from comenq_core.model import Change, CommentRequest, Entry, Job, LaneStatus, NewJob, Origin, Pause
from comenq_core.model.rights import Rights
from comenq_core.policy.admission import FREE, Policies
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import LaneKeeper, Reviewer, Store

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
        counted = Lock() if policies else nullcontext()
        self._enqueuing = Enqueuing(
            store,
            self._accounts,
            host,
            self._credentials,
            policies,
            counted,
            holds=holds,
            reviewers=reviewers,
            can_reply=can_reply,
        )
        self._changing = Changing(
            store, self._credentials, policies, counted, self._reviews.asked_by
        )

    def submit(self, request: CommentRequest, origin: Origin) -> Entry:
        return self.submit_all([NewJob(request=request, origin=origin)])[0]

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        queued = self._enqueuing.put(new_jobs)
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
        return self._changed([self._changing.change(prefix, change, by, was)], change)[0]

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Entry | ComenqError]:
        results = self._changing.change_all(wanted, change)
        changed = [one for one in results if isinstance(one, Job)]
        entries = iter(self._changed(changed, change))
        return [next(entries) if isinstance(one, Job) else one for one in results]

    def edit(self, prefix: str, body: str, by: Origin, *, was: str | None = None) -> Entry:
        return self._estimated([self._changing.edit(prefix, body, by, was)])[0]

    def resolve(self, prefix: str, url: str | None, by: Origin) -> Entry:
        return self._estimated([self._changing.resolve(prefix, url, by)])[0]

    def mark_seen(self, job_ids: Collection[str], by: Origin) -> None:
        self._changing.mark_seen(job_ids, by)

    def forget(self, prefix: str, by: Origin) -> Entry:
        return Entry(job=self._changing.forget(prefix, by))

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
