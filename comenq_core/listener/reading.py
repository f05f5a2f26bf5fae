"""The queue as intakes read it: listings, one job, the status."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from comenq_core.listener.accounts import accounts
from comenq_core.listener.conditions import Conditions
from comenq_core.listener.credentials import Credentials
from comenq_core.listener.estimates import Estimates
from comenq_core.listener.lane_status import Lanes
from comenq_core.listener.reviews import Reviews, awaiting, closed_lanes, followed
from comenq_core.model import ONE_PROCESS, PENDING, Entry, Job, State, Status
from comenq_core.model.identity import is_listed
from comenq_core.policy.health import Overdue, is_busy, is_stalled
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.protocols import NumberFilter, RepoFilter, Store

__all__ = ["QueueReader"]

_AT_THE_HEAD = 10
"""How many jobs are looked at that may be overdue: what keeps the first keeps the others."""


class QueueReader:
    """What of `comenq_core.protocols.Queue` changes nothing.

    Args:
        store: where jobs are kept.
        pace: how far apart posts are, for estimates.
        accounts: the posting accounts and their repositories, where they are known.
        faults: what of the listener does not work, each in words.
        host: the forge's host, where it is known.
        lanes: what the settings make of lanes, if they have reviewers.
        credentials: looks for credentials in comments that are held.
        verifies_targets: whether the worker looks early whether a pull request is there.
    """

    def __init__(
        self,
        store: Store,
        pace: PacingPolicy,
        accounts: Mapping[str, Sequence[str]],
        faults: Callable[[], Sequence[str]],
        host: str,
        lanes: LanePolicy | None,
        credentials: Credentials,
        *,
        verifies_targets: bool,
    ) -> None:
        self._store = store
        self._pace = pace
        self._accounts = accounts
        self._faults = faults
        self._host = host
        self._credentials = credentials
        self._verifies_targets = verifies_targets
        self._estimates = Estimates(store, pace, accounts, lanes)
        self._reviews = Reviews(store, lanes, accounts)
        self._lanes = Lanes(store, lanes)
        self._overdue = Overdue(pace, accounts)

    def pending(
        self,
        limit: int | None = None,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Entry]:
        jobs = self._store.pending(limit=limit, offset=offset, states=states)
        entries = [entry for entry in self._estimates.listed(jobs) if entry]
        return self._explained(self._reviews.to(entries))

    def pending_in(
        self,
        repo: str | None,
        limit: int,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
        pr_number: int | None = None,
    ) -> Sequence[Entry | None]:
        store = self._store
        found: Sequence[Job | None]
        if repo is not None and isinstance(store, RepoFilter):
            found = store.pending_in(repo, limit=limit, offset=offset, states=states)
        elif pr_number is not None and isinstance(store, NumberFilter):
            found = store.pending_with_number(pr_number, limit=limit, offset=offset, states=states)
        else:
            found = store.pending(limit=limit, offset=offset, states=states)
        wanted = [job if job and is_listed(job, repo, pr_number) else None for job in found]
        found_entries = self._reviews.added(self._estimates.listed(wanted))
        return [self._credentials.explained(entry) if entry else None for entry in found_entries]

    def awaiting(self) -> Sequence[Entry]:
        return self._reviews.to([Entry(job=job) for job in awaiting(followed(self._store))])

    def show(self, prefix: str) -> Entry:
        entries = self._reviews.to(self._estimates.entries([self._store.get(prefix)]))
        return self._explained(entries)[0]

    def _explained(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return [self._credentials.explained(entry) for entry in entries]

    def history(self, limit: int, *, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        return self._store.history(limit=limit, offset=offset, only_failed=only_failed)

    def status(self) -> Status:
        waiting = self._store.pending(limit=_AT_THE_HEAD, states=[State.WAITING])
        # With lanes, what is posted next need not be the first of those that wait.
        placed = self._estimates.places(waiting if self._estimates.by_lane else waiting[:1])
        counts = self._store.counts()
        conditions = Conditions.of(self._store)
        now, records, health = conditions.now, conditions.records, conditions.health
        first = min(self._estimates.at(conditions, placed), key=_seconds, default=None)
        triggers = followed(self._store)
        ready = self._estimates.ready(waiting, records, now, closed_lanes(triggers))
        is_kept = bool(conditions.paused) or is_busy(health.worker, now)
        return Status(
            counts=counts,
            paused=conditions.paused,
            accounts=accounts(records, now, self._pace),
            next=first,
            health=health,
            stalled=is_stalled(health.worker, now),
            overdue=self._overdue.find(() if is_kept else ready, records, now),
            faults=tuple(self._faults()),
            boot_known=not now.boot.startswith(ONE_PROCESS),
            host=self._host,
            eta_seconds=self._estimates.eta(counts.waiting, conditions),
            verifies_targets=self._verifies_targets,
            reviewers=self._lanes.reviewers,
            lanes=self._lanes.all(triggers, now),
            awaiting=len(awaiting(triggers)),
        )


def _seconds(entry: Entry) -> float:
    return float("inf") if entry.eta_seconds is None else entry.eta_seconds
