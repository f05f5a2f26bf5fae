"""Group commit: threads that ask at the same time wait for the disk together, not one by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["GroupCommit"]

Asked = TypeVar("Asked")
Got = TypeVar("Got")


class _Part(Generic[Asked, Got]):
    """What one thread has asked for, and what has come of it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.got: Got | BaseException
        self.leads = False
        self._turn = threading.Lock()
        self._turn.acquire()

    def wait(self) -> None:
        """Until another thread has done it, or leaves it to this one to lead."""
        self._turn.acquire()

    def wake(self) -> None:
        """Let the thread go on."""
        self._turn.release()


class GroupCommit(Generic[Asked, Got]):
    """Has what gathers meanwhile done in one go, by one of the threads that wait for it.

    Where several were served together they are about to ask again, and the first of them waits a
    moment for the others: what PostgreSQL does from so many ``commit_siblings`` on.
    https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-COMMIT-SIBLINGS

    Args:
        carry_out: does what several have asked for; returns what comes of each, or its error.
    """

    def __init__(
        self, carry_out: Callable[[Sequence[Asked]], Sequence[Got | BaseException]]
    ) -> None:
        self._carry_out = carry_out
        self._gate = threading.Lock()
        self._is_led = False
        self._have_siblings = False
        self._waiting: list[_Part[Asked, Got]] = []

    def do(self, asked: Asked) -> Got:
        """Have it done, with others or alone. Raises its error, or that of the whole group."""
        part: _Part[Asked, Got] = _Part(asked)
        with self._gate:
            self._waiting.append(part)
            part.leads = not self._is_led
            self._is_led = True
        if not part.leads:
            self._wait_for(part)
        if part.leads:
            self._lead(part)
        if not isinstance(part.got, BaseException):
            return part.got
        try:
            raise part.got
        finally:
            # The error's traceback keeps this frame, which must not keep the error in return.
            del part.got

    def _wait_for(self, part: _Part[Asked, Got]) -> None:
        try:
            part.wait()
        except BaseException:
            # A Ctrl-C in the main thread. The others go on, led by another if it is its turn.
            self._withdraw(part)
            if part.leads:
                self._hand_over()
            raise

    def _lead(self, leader: _Part[Asked, Got]) -> None:
        group: Sequence[_Part[Asked, Got]] = [leader]
        try:
            group = self._gather()
            results = self._carry_out([part.asked for part in group])
            for part, got in zip(group, results, strict=True):
                part.got = got
        except BaseException as error:  # noqa: BLE001  (each thread raises it)
            self._withdraw(leader)
            for part in group:
                part.got = error
        self._hand_over()
        for part in group:
            if part is not leader:
                part.wake()

    def _gather(self) -> Sequence[_Part[Asked, Got]]:
        """Take what is wanted; where there are siblings, once no more of them come."""
        seen = 0
        while self._have_siblings and seen < len(self._waiting):
            seen = len(self._waiting)
            # As short as can be, which on Linux is its timers' slack of 50 µs.
            time.sleep(0)
        with self._gate:
            group, self._waiting = self._waiting, []
        self._have_siblings = len(group) > 1
        return group

    def _withdraw(self, part: _Part[Asked, Got]) -> None:
        with self._gate:
            if part in self._waiting:
                self._waiting.remove(part)

    def _hand_over(self) -> None:
        """Let the first of those that have gathered lead them."""
        with self._gate:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].wake()
