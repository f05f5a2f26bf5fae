"""Group commit: threads that ask at the same time wait for the disk together, not one by one."""

from __future__ import annotations

import threading
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
        self.group: Sequence[_Part[Asked, Got]] = ()
        self._turn = threading.Lock()
        self._turn.acquire()

    def wait(self) -> None:
        """Until another thread has done it, or has left a group to be led."""
        self._turn.acquire()

    def wake(self) -> None:
        """Let the thread go on."""
        self._turn.release()


class GroupCommit(Generic[Asked, Got]):
    """Has what gathers meanwhile done in one go, by one of the threads that wait for it.

    With two groups at once, one is prepared while the disk has the other.

    Args:
        carry_out: does what several have asked for; returns what comes of each, or its error.
        at_once: how many groups may be in work.
    """

    def __init__(
        self,
        carry_out: Callable[[Sequence[Asked]], Sequence[Got | BaseException]],
        at_once: int = 2,
    ) -> None:
        self._carry_out = carry_out
        self._gate = threading.Lock()
        self._idle = at_once
        self._waiting: list[_Part[Asked, Got]] = []

    def do(self, asked: Asked) -> Got:
        """Have it done, with others or alone. Raises its error, or that of the whole group."""
        part: _Part[Asked, Got] = _Part(asked)
        with self._gate:
            if self._idle:
                self._idle -= 1
                part.group = [part]
            else:
                self._waiting.append(part)
        if not part.group:
            self._wait_for(part)
        if part.group:
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
            # A Ctrl-C in the main thread. The others go on, led by this one if it is its turn.
            with self._gate:
                if part in self._waiting:
                    self._waiting.remove(part)
            if part.group:
                self._lead(part)
            raise

    def _lead(self, leader: _Part[Asked, Got]) -> None:
        # Not kept in itself: what has been asked for goes when it is done, not with the garbage.
        group, leader.group = leader.group, ()
        try:
            results = self._carry_out([part.asked for part in group])
            for part, got in zip(group, results, strict=True):
                part.got = got
        except BaseException as error:  # noqa: BLE001  (each thread raises it)
            for part in group:
                part.got = error
        self._hand_over()
        for part in group[1:]:
            part.wake()

    def _hand_over(self) -> None:
        """Let the first of those that have gathered lead them."""
        with self._gate:
            group, self._waiting = self._waiting, []
            self._idle += not group
            if group:
                group[0].group = group
                group[0].wake()
