"""What an account does when it is its turn: ask what has to be asked first, then post."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from comenq_core.model import REPLIES, Instant, Job, Lane, Pacing, State
from comenq_core.policy import pacing, recording
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.protocols import Poster, Store
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.claiming import Claiming
from comenq_core.worker.events import report_answer
from comenq_core.worker.heartbeat import Heartbeat
from comenq_core.worker.identities import Identities, ask
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.results import PacingUpdate
from comenq_core.worker.scheduling import AccountScheduler
from comenq_core.worker.unsaved import Unsaved

__all__ = ["AccountTurns"]


class AccountTurns:
    """Lets one account after the other do what is its turn. Every method may raise `StoreError`.

    Args:
        store: where the jobs are.
        policy: how far apart an account's posts are.
        calls: of the posters.
        scheduler: tells whose turn it is, and when.
        records: the accounts' pacing records.
        identities: the accounts' names at the forge.
        lanes: those that the store keeps.
        claiming: claims jobs, and posts them.
        unsaved: saves what comes of it.
        heartbeat: is told what is done.
    """

    def __init__(
        self,
        *,
        store: Store,
        policy: PacingPolicy,
        calls: PosterCalls,
        scheduler: AccountScheduler,
        records: PacingRecords,
        identities: Identities,
        lanes: Lanes,
        claiming: Claiming,
        unsaved: Unsaved,
        heartbeat: Heartbeat,
    ) -> None:
        self._store = store
        self._policy = policy
        self._calls = calls
        self._scheduler = scheduler
        self._records = records
        self._identities = identities
        self._lanes = lanes
        self._claiming = claiming
        self._unsaved = unsaved
        self._heartbeat = heartbeat

    def take_one(self, checking: Sequence[Job], now: Instant) -> float:
        """Let one account do what is its turn; return how long to wait, 0 if there was one.

        Args:
            checking: the jobs that may be posted already.
            now: the time.
        """
        waits = [math.inf]
        lanes = self._lanes_with_comments()
        for wait, poster in self._scheduler.next_posters(
            self._records.known, self._identities.known, now, lanes
        ):
            if wait > 0:
                waits.append(wait)
            elif self._use(poster, checking, now, lanes):
                return 0.0
            else:
                turns = self._until_turn(poster, now)
                waits += [turns[lane] for lane in lanes if turns[lane] > 0]
        return min(waits)

    def _lanes_with_comments(self) -> Sequence[Lane]:
        """The lanes of an account's own pace: that of replies only if one waits."""
        has_replies = self._policy.reply_cooldown is not None and self._lanes.has_replies()
        return (Lane(), REPLIES) if has_replies else (Lane(),)

    def _until_turn(self, poster: Poster, now: Instant) -> Mapping[Lane, float]:
        return self._scheduler.until_turn(poster, self._records.known, self._identities.known, now)

    def _use(
        self, poster: Poster, checking: Sequence[Job], now: Instant, lanes: Collection[Lane]
    ) -> bool:
        """Let an account do what is its turn; return whether there was anything."""
        record = self._records.known.get(poster.account)
        if record and pacing.must_ask(record):
            self._ask(poster, record)
            return True
        if not self._has_due_job(now):
            return False
        if self._identify(poster, record):
            return True
        turns = self._until_turn(poster, now)
        if all(turns[lane] > 0 for lane in lanes):
            return False
        closed = [lane for lane, wait in turns.items() if wait > 0]
        results = self._claiming.take(poster, checking, now, closed)
        if results is None:
            return False
        self._unsaved.save(*results)
        return True

    def _ask(self, poster: Poster, record: Pacing) -> None:
        """Ask whether what stops an account has passed."""
        credential = self._calls.credential(poster)
        self._heartbeat.ask()
        answer = ask(self._calls, poster)
        now = self._store.now()
        after = recording.after_question(record, answer, now, credential)
        report_answer(answer, record)
        self._records.save(after, record)

    def _has_due_job(self, now: Instant) -> bool:
        first = self._store.pending(limit=1, states=[State.WAITING])
        return bool(first) and (first[0].due is None or first[0].due <= now.wall)

    def _identify(self, poster: Poster, record: Pacing | None) -> bool:
        """Learn the account's name at the forge; return whether that has a demand for an answer."""
        credential = self._calls.credential(poster)
        self._heartbeat.ask()
        demand = self._identities.identify(poster)
        if demand is None:
            return False
        ended = self._store.now()
        after = recording.after_lookup(
            record, poster.account, demand, ended, credential, self._policy
        )
        update = PacingUpdate(record=after, expect=record, outcome=demand, now=ended)
        self._unsaved.save(update)
        return True
