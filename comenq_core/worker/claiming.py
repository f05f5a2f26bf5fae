"""Claims a job for an account, announces the attempt, and posts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext

from comenq_core.errors import ComenqError, PacingConflict
from comenq_core.model import Instant, Job, Lane
from comenq_core.protocols import Poster, Store, Transactional
from comenq_core.worker.asking import Asking
from comenq_core.worker.choosing import preferences
from comenq_core.worker.follows import Follows
from comenq_core.worker.heartbeat import Heartbeat
from comenq_core.worker.identities import Identities
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.posting import Begun, Posting
from comenq_core.worker.results import Results
from comenq_core.worker.scheduling import AccountScheduler

__all__ = ["Claiming", "together"]


class Claiming:
    """Takes a job from the queue to the forge, one at a time.

    A job that is claimed when the store fails is gone on with, by `resume`.

    Args:
        store: where the jobs are.
        records: the accounts' pacing records.
        lanes: those that the store keeps.
        follows: what is kept of triggers.
        scheduler: tells which accounts may post a job.
        identities: the accounts' names at the forge.
        asking: decides whether a trigger is posted.
        posting: makes the attempts.
        heartbeat: is told what is done.
    """

    def __init__(
        self,
        *,
        store: Store,
        records: PacingRecords,
        lanes: Lanes,
        follows: Follows,
        scheduler: AccountScheduler,
        identities: Identities,
        asking: Asking,
        posting: Posting,
        heartbeat: Heartbeat,
    ) -> None:
        self._store = store
        self._records = records
        self._lanes = lanes
        self._follows = follows
        self._scheduler = scheduler
        self._identities = identities
        self._asking = asking
        self._posting = posting
        self._heartbeat = heartbeat
        self._claimed: tuple[Job, Poster] | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether a job is claimed of which nothing was sent, since the store failed."""
        return self._claimed is not None

    def resume(self) -> Results:
        """Go on with the claimed job; return what is to be saved, in this order."""
        assert self._claimed
        results = self._post(*self._claimed)
        self._claimed = None
        return results

    def take(
        self, poster: Poster, checking: Sequence[Job], now: Instant, closed: Collection[Lane]
    ) -> Results | None:
        """Claim a job, announce an attempt at it, both durable together if the store can, and post.

        Before a job whose answer is awaited, the forge is asked: it is announced afterwards.

        Args:
            poster: by whom.
            checking: the jobs that may be posted already.
            now: the time.
            closed: the lanes of the account's own pace in which it has to wait.

        Returns:
            What is to be saved, in this order; ``None`` if there is no job for the account.
        """
        claimed, begun = None, None
        credential = self._posting.credential(poster)
        try:
            with together(self._store):
                if claimed := self._claim(poster, checking, now, closed):
                    self._claimed = claimed, poster
                    if not self._follows.quota_for(claimed):
                        begun = self._begin(claimed, poster, credential)
        except PacingConflict as error:
            assert claimed
            begun = self._posting.give_up(claimed, poster.account, error)
        except ComenqError:
            if isinstance(self._store, Transactional):
                self._claimed = None  # If it is claimed all the same, it is to be checked.
            raise
        if claimed is None:
            return None
        results = self._go_on(begun) if begun is not None else self._post(claimed, poster)
        self._claimed = None
        return results

    def _claim(
        self, poster: Poster, checking: Sequence[Job], now: Instant, closed: Collection[Lane]
    ) -> Job | None:
        record = self._records.known.get(poster.account)
        checked = {job.asked.target.lower() for job in checking}
        all_closed = [*closed, *self._follows.closed(poster.account)]
        serving = self._scheduler.serving
        for suits in preferences(poster.account, record, serving, checked, closed):
            if claimed := self._lanes.claim(poster.account, suits, now, all_closed):
                return claimed
        return None

    def _post(self, job: Job, poster: Poster) -> Results:
        """Post a claimed job. Until its attempt is recorded, nothing was sent."""
        if self._follows.quota_for(job):
            self._heartbeat.ask()
            record = self._records.known.get(poster.account)
            if instead := self._asking.before(job, poster, record):
                return instead
        return self._go_on(self._begin(job, poster, self._posting.credential(poster)))

    def _begin(self, job: Job, poster: Poster, credential: str) -> Begun | Results:
        """Announce the attempt at a claimed job; or what is to be saved in place of one."""
        if not self._scheduler.serving(job):
            return self._posting.refuse(job, poster.account, self._scheduler.unserved(job))
        self._heartbeat.post(job.id)
        login = self._identities.known.get(poster.account, "")
        return self._posting.begin(job, poster, credential, login)

    def _go_on(self, begun: Begun | Results) -> Results:
        return self._posting.post(begun) if isinstance(begun, Begun) else begun


def together(store: Store) -> AbstractContextManager[None]:
    """A transaction, if the store has them; without, each change is durable by itself."""
    return store.transaction() if isinstance(store, Transactional) else nullcontext()
