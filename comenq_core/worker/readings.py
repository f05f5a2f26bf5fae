"""Readings: asks the forge what is said on a pull request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from comenq_core.model import Conversation, Demand, Instant, Job, Pacing, Refused, Snapshot
from comenq_core.policy.asking import first_reading
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.recording import after_lookup
from comenq_core.protocols import ConversationReader, Poster, Store
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.results import PacingUpdate

__all__ = ["Reading", "Readings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading.

    Args:
        found: what is said, or why that is not shown.
        poster: the account that has asked.
        credential: the fingerprint of the credential that it has used.
        started, ended: when.
    """

    found: Conversation | Refused | Demand
    poster: Poster
    credential: str
    started: Instant
    ended: Instant


class Readings:
    """Reads what is said on pull requests.

    Args:
        store: for its clock.
        policy: how far apart an account's posts are.
        calls: of the posters.
    """

    def __init__(self, store: Store, policy: PacingPolicy, calls: PosterCalls) -> None:
        self._store = store
        self._policy = policy
        self._calls = calls

    def first(self, job: Job, poster: Poster, reader: ConversationReader) -> Reading:
        """Ask for what was said since a job was queued, before it is posted."""
        ahead = self._calls.clock_offset(poster) or timedelta()
        begin = first_reading(job.arrived, self._store.now().wall, ahead)
        return self.read(job, poster, reader, begin, ())

    def read(
        self,
        job: Job,
        poster: Poster,
        reader: ConversationReader,
        snapshot: Snapshot | None,
        triggers: Collection[int | str],
    ) -> Reading:
        """Ask, as `ConversationReader.read_conversation` says; the poster raises nothing.

        Args:
            reader: the poster, as what it can do.
        """
        credential = self._calls.credential(poster)
        started = self._store.now()
        ask = partial(reader.read_conversation, job.asked, snapshot, triggers)
        found = self._calls.answer("read_conversation", ask, job=job.id)
        if not isinstance(found, Conversation | Refused | Demand):
            found = self._calls.wrong("read_conversation", found, job=job.id)
        return Reading(
            found=found,
            poster=poster,
            credential=credential,
            started=started,
            ended=self._store.now(),
        )

    def booked(self, reading: Reading, demand: Demand, record: Pacing | None) -> PacingUpdate:
        """What is to be recorded of an account where the forge demands something.

        Args:
            demand: what it is.
            record: the account's.
        """
        account, now = reading.poster.account, reading.ended
        after = after_lookup(record, account, demand, now, reading.credential, self._policy)
        return PacingUpdate(record=after, expect=record, outcome=demand, now=now)
