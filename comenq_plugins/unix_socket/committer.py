"""Turns clients that wait at the same time into one batch, carried out in one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from comenq_plugins.unix_socket.operations import Errand
from comenq_plugins.unix_socket.window import Ticket

__all__ = ["Committer"]

BATCH_LIMIT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    errand: Errand
    ticket: Ticket
    tell: Callable[[], None]


class Committer:
    """Group commit: while one batch is made durable, the next one gathers.

    Args:
        executor: runs the batches, one at a time.
        carry_out: blocks until the errands are done, and returns a reply for each.
    """

    def __init__(
        self, executor: Executor, carry_out: Callable[[Sequence[Errand]], list[bytes]]
    ) -> None:
        self._executor = executor
        self._carry_out = carry_out
        self._waiting: list[_Waiting] = []
        self._is_busy = False

    def submit(self, errand: Errand, ticket: Ticket, tell: Callable[[], None]) -> None:
        """Have the errand done; then fill in the ticket's reply, and tell."""
        self._waiting.append(_Waiting(errand=errand, ticket=ticket, tell=tell))
        if not self._is_busy:
            self._begin()

    def _begin(self) -> None:
        batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
        errands = [waiting.errand for waiting in batch]
        self._is_busy = True
        work = asyncio.get_running_loop().run_in_executor(self._executor, self._carry_out, errands)
        work.add_done_callback(partial(self._finish, batch))

    def _finish(self, batch: Sequence[_Waiting], work: asyncio.Future[list[bytes]]) -> None:
        self._is_busy = False
        if self._waiting:
            self._begin()
        for waiting, reply in zip(batch, work.result(), strict=True):
            waiting.ticket.reply = reply
        # A connection with many requests in the batch is told once, and writes once.
        for tell in dict.fromkeys(waiting.tell for waiting in batch):
            tell()
