"""Collects the commands of all connections into batches, which one thread carries out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from itertools import accumulate

from comenq_plugins.unix_socket.command import Command
from comenq_plugins.unix_socket.limits import MIB

__all__ = ["Batcher"]

BATCH_LIMIT = 1024
BATCH_BYTES = 8 * MIB
"""The requests of one batch: while it is written, their comments are in memory several times."""
CHANGES_LIMIT = 64
"""A change takes longer than a comment in a batch, and other clients wait meanwhile."""


class Batcher:
    """Group commit: while one batch is made durable, the next one gathers.

    A batch has comments, changes of one kind that follow one another, or one other operation,
    such as a long list. Batches of comments take turns with the rest, so that a comment waits for
    one list at most.

    Args:
        executor: runs the batches, one at a time.
        execute: blocks until a batch is carried out, and returns a reply for each command.
    """

    def __init__(
        self, executor: Executor, execute: Callable[[Sequence[Command]], list[bytes]]
    ) -> None:
        self._executor = executor
        self._execute = execute
        self._puts: list[Command] = []
        self._others: deque[Command] = deque()
        self._is_running = False
        self._is_puts_turn = True

    def submit(self, command: Command) -> None:
        """Have a command carried out; then its ``reply`` is set and its ``on_reply`` called."""
        (self._puts if command.is_put else self._others).append(command)
        if not self._is_running:
            self._start_next()

    def _start_next(self) -> None:
        self._is_running = bool(self._puts or self._others)
        if self._is_running:
            asyncio.get_running_loop().call_soon(self._gather, 0)

    def _gather(self, seen: int) -> None:
        """Run a batch as soon as a turn of the loop brings no more comments.

        A batch that is written while others arrive takes longer than both one after the other:
        the two threads hand the interpreter over at each system call. A comment on its own waits
        for none.
        """
        arrived = len(self._puts)
        if max(1, seen) < arrived < BATCH_LIMIT:
            asyncio.get_running_loop().call_soon(self._gather, arrived)
        else:
            self._run(self._next_batch())

    def _run(self, batch: Sequence[Command]) -> None:
        loop = asyncio.get_running_loop()

        def finish(work: Future[list[bytes]]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._finish, batch, work)

        # asyncio's run_in_executor does the same with two more futures.
        self._executor.submit(self._execute, batch).add_done_callback(finish)

    def _next_batch(self) -> Sequence[Command]:
        are_puts = self._are_puts_next()
        self._is_puts_turn = not are_puts
        if not are_puts:
            return self._next_others()
        count = _fitting(self._puts)
        batch, self._puts = self._puts[:count], self._puts[count:]
        return batch

    def _next_others(self) -> Sequence[Command]:
        batch = [self._others.popleft()]
        change = batch[0].change
        while (
            change
            and self._others
            and self._others[0].change is change
            and len(batch) < CHANGES_LIMIT
        ):
            batch.append(self._others.popleft())
        return batch

    def _are_puts_next(self) -> bool:
        if not self._puts or not self._others:
            return bool(self._puts)
        # A connection's next request has to see the comments that it has sent before.
        client = self._others[0].on_reply
        return self._is_puts_turn or any(command.on_reply == client for command in self._puts)

    def _finish(self, batch: Sequence[Command], work: Future[list[bytes]]) -> None:
        try:
            for command, reply in zip(batch, work.result(), strict=True):
                command.reply = reply
            # A connection with many commands in the batch is called once, and writes once.
            for on_reply in dict.fromkeys(command.on_reply for command in batch):
                on_reply()
        finally:
            self._start_next()


def _fitting(puts: Sequence[Command]) -> int:
    """How many comments one batch takes, at least one."""
    sizes = accumulate(put.size for put in puts[:BATCH_LIMIT])
    return max(1, sum(size <= BATCH_BYTES for size in sizes))
