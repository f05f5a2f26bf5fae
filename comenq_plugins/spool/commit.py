"""Group commit: threads that put at the same time share the fsyncs of one batch.

Whoever comes first leads: it puts what has gathered while the batch before was being written.
The others find their own done when their turn to lead comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Job, Submission

__all__ = ["GroupCommit"]

Put = Callable[[Sequence[Submission]], Sequence[Job]]


@dataclass(slots=True, eq=False)
class _Turn:
    submissions: Sequence[Submission]
    jobs: Sequence[Job] = field(default=())
    error: Exception | None = None
    is_over: bool = False


class GroupCommit:
    """Puts for many threads.

    Args:
        put: stores all submissions or, with an error, none; called by one thread at a time.
    """

    def __init__(self, put: Put) -> None:
        self._put = put
        self._waiting: list[_Turn] = []
        self._gathering = threading.Lock()
        self._leading = threading.Lock()

    def put(self, submissions: Sequence[Submission]) -> Sequence[Job]:
        """Store all of these or, with an error, none; what others put at the same time is theirs.

        Raises:
            Exception: what ``put`` raised for these alone, or for all if the store failed.
        """
        turn = _Turn(submissions)
        with self._gathering:
            self._waiting.append(turn)
        with self._leading:
            if not turn.is_over:
                self._lead()
        if turn.error:
            raise turn.error
        return turn.jobs

    def _lead(self) -> None:
        with self._gathering:
            turns, self._waiting = self._waiting, []
        try:
            self._carry_out(turns)
        finally:
            for turn in turns:
                turn.is_over = True

    def _carry_out(self, turns: Sequence[_Turn]) -> None:
        try:
            jobs = self._put([one for turn in turns for one in turn.submissions])
        except Exception as error:  # noqa: BLE001 -- nobody is told that all went well
            if len(turns) == 1 or _is_the_stores(error):
                for turn in turns:
                    turn.error = error
                return
            for turn in turns:
                self._carry_out([turn])
            return
        start = 0
        for turn in turns:
            turn.jobs = jobs[start : start + len(turn.submissions)]
            start += len(turn.submissions)


def _is_the_stores(error: Exception) -> bool:
    # Then no request is to blame, and each one alone would fail as well.
    return isinstance(error, StoreError) and not isinstance(error, WrongState)
