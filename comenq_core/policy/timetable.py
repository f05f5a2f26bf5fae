"""In about how many seconds are comments posted, one after another? Pure.

Each account posts one comment, then waits for the cooldown. What only the forge knows, such as a
failed attempt, is not foreseen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from comenq_core.model import Instant, Pacing
from comenq_core.policy.pacing import PacingPolicy, elapsed, until_turn

__all__ = ["Timetable", "runs_before", "until_free"]

_RUNS = 6
"""So many runs, each of twice the length, reach back 63 cooldowns."""


def until_free(
    account: str, records: Mapping[str, Pacing], now: Instant, policy: PacingPolicy
) -> float:
    """In about how many seconds an account posts next.

    Its record may be of an attempt that goes on; such a one is expected to end now, and not only
    at its time-out.
    """
    expected = {
        name: replace(record, max_remaining=min(record.max_remaining, elapsed(record.at, now)))
        for name, record in records.items()
    }
    login = records[account].login if account in records else ""
    return until_turn(account, login, expected, now, policy)


class Timetable:
    """Gives each job, in the order of the queue, the account that can post it first.

    Args:
        free: in how many seconds each account may post; those that cannot are left out.
        gap: seconds from one post of an account to its next, more than 0 or 0.
    """

    def __init__(self, free: Mapping[str, float], gap: float) -> None:
        self._free = dict(free)
        self.gap = gap

    def skip(self, count: int) -> None:
        """Pass over so many jobs of which nothing is known: the accounts share them equally."""
        share = self.gap * count / max(1, len(self._free))
        self._free = {account: free + share for account, free in self._free.items()}

    def post(self, due: float, accounts: Collection[str]) -> float | None:
        """In how many seconds the next job is posted; ``None`` if none of its accounts can post.

        Args:
            due: seconds before which it must not be posted.
            accounts: those that may post it.
        """
        able = [account for account in self._free if account in accounts]
        if not able:
            return None
        account = min(able, key=self._free.__getitem__)
        at = max(due, self._free[account])
        self._free[account] = at + self.gap
        return at


def runs_before(
    place: int, due: float, due_at: Callable[[int], float], gap: float
) -> Sequence[tuple[float, int]]:
    """What stands before a job that is due later, in runs of jobs that are due together.

    Only a few jobs are looked at, however many there are.

    Args:
        place: how many jobs are before it, in the order in which they are due.
        due: in how many seconds it is due.
        due_at: in how many seconds the job at a place is due.
        gap: seconds from one post to the next.

    Returns:
        For each run, in order, in how many seconds its first job is due, and how many it has.
        Before the first run may be others, of which nothing is said.
    """
    runs: list[tuple[float, int]] = []
    length = gap
    while place > 0 and due > 0 and len(runs) < _RUNS:
        start = bisect_left(range(place), due - length, key=due_at)
        if start < place:
            runs.append((due_at(start), place - start))
            place, length = start, 2 * length
        due = due_at(place - 1) if place else 0.0
    return runs[::-1]
