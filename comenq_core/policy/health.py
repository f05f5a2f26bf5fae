"""Does the worker make progress, and is a comment overdue? Pure.

A worker without progress is mended by a restart. An overdue comment is for a person to look at:
whatever keeps it is nothing that comenq knows of, so that a restart would not help.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comenq_core.model import Activity, Instant, Job, Pacing
from comenq_core.model.serving import serving
from comenq_core.policy.pacing import PacingPolicy, elapsed, until_turn

__all__ = ["GRACE_SECONDS", "OVERDUE_SECONDS", "Overdue", "is_busy", "is_stalled"]

GRACE_SECONDS = 30.0
"""How much longer than announced a worker may take, on a slow disk for instance."""

OVERDUE_SECONDS = 60.0
"""How long a job that nothing keeps may wait: a worker looks around once a minute at least."""

_AT_THE_FORGE = frozenset({"posting", "checking", "asking"})


def is_stalled(activity: Activity | None, now: Instant) -> bool:
    """Whether a worker has not reported within the time that it has announced."""
    return activity is not None and elapsed(activity.since, now) > activity.limit + GRACE_SECONDS


def is_busy(activity: Activity | None, now: Instant) -> bool:
    """Whether a worker waits for the forge, which is progress within its time limit."""
    return (
        activity is not None and activity.doing in _AT_THE_FORGE and not is_stalled(activity, now)
    )


class Overdue:
    """Finds the job that is not posted although nothing keeps it, over several looks.

    At one look, a job that an operator has just released is as free as one that is stuck. So a
    job is overdue that was free at each look for `OVERDUE_SECONDS`, while its accounts posted
    nothing.

    Args:
        policy: how far apart posts are.
        accounts: the posting accounts and their repositories, as patterns, where they are known.
    """

    def __init__(self, policy: PacingPolicy, accounts: Mapping[str, Sequence[str]]) -> None:
        self._policy = policy
        self._accounts = accounts
        self._free_since: dict[tuple[object, ...], Instant] = {}

    def find(
        self, waiting: Sequence[Job], records: Mapping[str, Pacing], now: Instant
    ) -> Job | None:
        """The first overdue job of those that wait; of none while the queue is paused or busy."""
        free = {key: job for job in waiting if (key := self._free(job, records, now))}
        self._free_since = {key: self._free_since.get(key, now) for key in free}
        overdue = [
            job
            for key, job in free.items()
            if elapsed(self._free_since[key], now) >= OVERDUE_SECONDS
        ]
        return overdue[0] if overdue else None

    def _free(
        self, job: Job, records: Mapping[str, Pacing], now: Instant
    ) -> tuple[object, ...] | None:
        """What stays the same as long as a job is stuck; ``None`` while something keeps it."""
        if not job.request or (job.due and job.due > now.wall):
            return None
        able = serving(job.request, self._accounts or dict.fromkeys(records, ()))
        used = [records[name].at for name in able if name in records]
        policy = self._policy.of(job.request)
        is_free = any(_wait(name, records, now, policy) <= 0 for name in able)
        return (job.id, *used) if is_free or not able else None


def _wait(name: str, records: Mapping[str, Pacing], now: Instant, policy: PacingPolicy) -> float:
    login = records[name].login if name in records else ""
    return until_turn(name, login, records, now, policy)
