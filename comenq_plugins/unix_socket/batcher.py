"""Turns what waits at the same time into batches; all is carried out in one thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from comenq_plugins.unix_socket.handlers import Command
from comenq_plugins.unix_socket.pipeline import PendingReply

__all__ = ["Batcher"]

BATCH_LIMIT = 1024
CHANGES_LIMIT = 64
"""A change costs more than a comment in a batch, and meanwhile other clients wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    command: Command
    pending: PendingReply
    tell: Callable[[], None]


class Batcher:
    """Group commit: while one batch is made durable, the next one gathers.

    Changes of one kind that follow one another are a batch, too. Anything else, such as a long
    list, is a batch of its own, and these take turns with the comments: nobody waits for more
    than one list that somebody else wants.

    Args:
        executor: runs the batches, one at a time.
        carry_out: blocks until the errands are done, and returns a reply for each.
    """

    def __init__(
        self, executor: Executor, execute: Callable[[Sequence[Command]], list[bytes]]
    ) -> None:
        self._executor = executor
        self._carry_out = execute
        self._puts: list[_Waiting] = []
        self._others: deque[_Waiting] = deque()
        self._is_puts_turn = True
        self._is_busy = False
        self._have_siblings = False

    def submit(self, command: Command, pending: PendingReply, tell: Callable[[], None]) -> None:
        """Have the errand done; then fill in the ticket's reply, and tell."""
        waiting = _Waiting(command=command, pending=pending, tell=tell)
        (self._puts if command.is_put else self._others).append(waiting)
        if not self._is_busy:
            self._go_on()

    def _go_on(self) -> None:
        """Begin another batch, if there is anything to do."""
        self._is_busy = bool(self._puts or self._others)
        if self._is_busy:
            asyncio.get_running_loop().call_soon(self._gather, 0)

    def _gather(self, seen: int) -> None:
        """Begin as soon as a turn of the loop brings no more comments; one alone waits for none.

        A batch that is written while others arrive is slower than both one after the other: two
        threads that want the interpreter hand it over at each system call.
        """
        arrived = len(self._puts)
        if seen < arrived < BATCH_LIMIT and (arrived > 1 or self._have_siblings):
            asyncio.get_running_loop().call_soon(self._gather, arrived)
        else:
            self._begin()

    def _begin(self) -> None:
        batch = self._next_batch()
        commands = [waiting.command for waiting in batch]
        loop = asyncio.get_running_loop()

        def finish(work: Future[list[bytes]]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._finish, batch, work)

        # asyncio's run_in_executor does the same by way of two more futures.
        self._executor.submit(self._carry_out, commands).add_done_callback(finish)

    def _next_batch(self) -> Sequence[_Waiting]:
        are_puts = self._are_puts_next()
        self._is_puts_turn = not are_puts
        if not are_puts:
            return self._next_others()
        batch, self._puts = self._puts[:BATCH_LIMIT], self._puts[BATCH_LIMIT:]
        self._have_siblings = len(batch) > 1
        return batch

    def _next_others(self) -> Sequence[_Waiting]:
        batch = [self._others.popleft()]
        while (
            self._others
            and len(batch) < CHANGES_LIMIT
            and self._others[0].command.goes_with(batch[0].command)
        ):
            batch.append(self._others.popleft())
        return batch

    def _are_puts_next(self) -> bool:
        if not self._puts or not self._others:
            return bool(self._puts)
        # What a connection asks for after its comments has to see them.
        asker = self._others[0].tell
        return self._is_puts_turn or any(waiting.tell == asker for waiting in self._puts)

    def _finish(self, batch: Sequence[_Waiting], work: Future[list[bytes]]) -> None:
        try:
            for waiting, reply in zip(batch, work.result(), strict=True):
                waiting.pending.reply = reply
            # A connection with many requests in the batch is told once, and writes once.
            for tell in dict.fromkeys(waiting.tell for waiting in batch):
                tell()
        finally:
            self._go_on()
