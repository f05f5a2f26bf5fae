"""Polls: asks the forge for the answers to triggers, one question a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from comenq_core.model import Conversation, Follow, Following, Instant, Job, Pacing, Refused
from comenq_core.policy.following import observe
from comenq_core.policy.pacing import elapsed, until_request
from comenq_core.policy.recording import must_persist_backoff
from comenq_core.protocols import ConversationReader, Poster
from comenq_core.worker.follows import Follows
from comenq_core.worker.readings import Readings
from comenq_core.worker.results import PacingUpdate

__all__ = ["Polls"]

_LATER = 60.0
"""After so many seconds, the forge is asked again that did not answer."""

Asks = Callable[[Job, Mapping[str, Pacing], Instant], Sequence[Poster]]
"""The accounts that may ask the forge about a job now."""


class Due(NamedTuple):
    """An answer that is asked for now.

    Args:
        job: the trigger's job.
        follow: what is kept of the trigger.
        poster: the account that asks.
        reader: the same, as what it can do.
    """

    job: Job
    follow: Follow
    poster: Poster
    reader: ConversationReader


class Polls:
    """Asks for the answers that are awaited.

    Args:
        follows: what is kept of triggers.
        asks: the accounts that may ask.
        posters: those of all accounts that are configured here.
        readings: ask the forge.
    """

    def __init__(
        self, follows: Follows, asks: Asks, posters: Collection[Poster], readings: Readings
    ) -> None:
        self._follows = follows
        self._asks = asks
        self._accounts = [poster.account for poster in posters]
        self._is_able = any(isinstance(poster, ConversationReader) for poster in posters)
        self._readings = readings
        self._pauses: dict[str, Instant] = {}

    def wait(self, records: Mapping[str, Pacing], now: Instant) -> float:
        """Seconds until the next poll, a minute where nobody may ask; infinity without any."""
        waits = [math.inf]
        for job, kept, due in self._follows.polls(now):
            wait = max(due, self._pause(job, now))
            if wait <= 0 and self._reader(job, kept, records, now) is None:
                wait = until_request(records.get(kept.account), now) or _LATER
            waits.append(wait)
        return min(waits)

    def next(self, records: Mapping[str, Pacing], now: Instant) -> Due | None:
        """Which answer is asked for now, and by which account."""
        polls = self._follows.polls(now)
        ids = {job.id for job, _, _ in polls}
        self._pauses = {one: at for one, at in self._pauses.items() if one in ids}
        for job, kept, due in polls:
            if due > 0 or self._pause(job, now) > 0:
                continue
            if not self._is_able:
                # As if nobody answered: the lane must not stay closed for ever.
                self._follows.observed(job, kept, self._unseen(job, kept, now))
            elif found := self._reader(job, kept, records, now):
                return Due(job, kept, *found)
        return None

    def poll(self, due: Due, records: Mapping[str, Pacing]) -> PacingUpdate | None:
        """Ask for an answer, and keep what was shown; return what is to be recorded, if any is."""
        job, kept, poster, reader = due
        before = self._follows.following(kept, job)
        trigger = job.comment_ids[-1:]
        reading = self._readings.read(job, poster, reader, before.snapshot, trigger)
        found, now = reading.found, reading.ended
        if isinstance(found, Conversation):
            seen = observe(before, found, self._follows.reader(kept), now.wall)
            self._follows.observed(job, kept, seen)
            return None
        if isinstance(found, Refused):
            # There is no pull request any more, or it is not shown: nobody answers there.
            self._follows.observed(job, kept, self._unseen(job, kept, now))
            return None
        self._pauses[job.id] = now
        if not must_persist_backoff(found):
            return None
        return self._readings.booked(reading, found, records.get(poster.account))

    def _unseen(self, job: Job, kept: Follow, now: Instant) -> Following:
        return replace(self._follows.following(kept, job), polled=now.wall)

    def _pause(self, job: Job, now: Instant) -> float:
        begun = self._pauses.get(job.id)
        return max(0.0, _LATER - elapsed(begun, now)) if begun else 0.0

    def _reader(
        self, job: Job, kept: Follow, records: Mapping[str, Pacing], now: Instant
    ) -> tuple[Poster, ConversationReader] | None:
        """The account that asks: that of the trigger or, where it is not known here, any other."""
        is_ours = kept.account in self._accounts
        for poster in self._asks(job, records, now):
            if isinstance(poster, ConversationReader) and (
                poster.account == kept.account or not is_ours
            ):
                return poster, poster
        return None
