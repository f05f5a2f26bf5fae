"""What the settings let users and tokens queue and change: ``[policies.NAME]``. Pure.

Whoever is named by several policies is under all of them: each must allow it. Whoever is named by
none is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from comenq_core.errors import NoSuchJob, PolicyFull, PolicyRefused
from comenq_core.model import Change, CommentRequest, Job, NewJob, Origin, State
from comenq_core.model.identity import id_of_key, is_same_comment
from comenq_core.model.rights import Rights
from comenq_core.model.serving import covers

__all__ = ["FREE", "WAKING", "JobReader", "Policies", "Policy", "ReadOnce"]

WAKING = (Change.RETRY, Change.UNDELETE)
"""Changes after which a job waits that was over."""
_PERSONS = (Change.RELEASE, Change.BUMP, *WAKING)
"""Changes by which a comment could be posted that nobody has looked at, or sooner."""


class JobReader(Protocol):
    """What counting needs of a store."""

    def pending(self) -> Sequence[Job]:
        """The jobs that are not over."""

    def get(self, prefix: str) -> Job:
        """The job with this id. Raises `NoSuchJob`."""


class ReadOnce:
    """A reader for one operation, however many policies and jobs count what waits.

    Args:
        store: what is read, while nothing changes there that a policy counts.
    """

    def __init__(self, store: JobReader) -> None:
        self._store = store
        self._pending: Sequence[Job] | None = None

    def pending(self) -> Sequence[Job]:
        """The jobs that are not over."""
        if self._pending is None:
            self._pending = self._store.pending()
        return self._pending

    def get(self, prefix: str) -> Job:
        """The job with this id. Raises `NoSuchJob`."""
        return self._store.get(prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy.

    Args:
        name: its name, which refusals say.
        users: the uids that are under it, where the kernel vouches for them.
        tokens: the names of the tokens that are under it, where an intake vouches for them.
        repositories: the only ones that it allows, such as ``my-org/*``; none means all.
        hold: whether what they queue is held, and released only by others.
        max_waiting: how many comments of theirs together may be in the queue; ``None`` for any.
    """

    name: str
    users: frozenset[int] = frozenset()
    tokens: frozenset[str] = frozenset()
    repositories: tuple[str, ...] = ()
    hold: bool = False
    max_waiting: int | None = None

    @property
    def is_for_part(self) -> bool:
        """Whether who is under it may touch a part of the queue alone."""
        return self.hold or bool(self.repositories)

    def __str__(self) -> str:
        """What it says, for people."""
        names = [f"uid {uid}" for uid in sorted(self.users)]
        names += [f"token {name}" for name in sorted(self.tokens)]
        bounds = [
            f"on {' '.join(self.repositories)} only" if self.repositories else "",
            "held until others release it" if self.hold else "",
            "" if self.max_waiting is None else f"at most {self.max_waiting} in the queue",
        ]
        return f"for {', '.join(names)}: {', '.join(filter(None, bounds))}"

    def names(self, origin: Origin) -> bool:
        """Whether it is about whoever asks."""
        return origin.uid in self.users or origin.token in self.tokens

    def refused(self, reason: str) -> PolicyRefused:
        """The error that says so."""
        return PolicyRefused(self.name, reason)

    def require_repository(self, request: CommentRequest) -> None:
        """Raises `PolicyRefused` for a repository that it does not allow."""
        if not covers(self.repositories, request):
            allowed = " ".join(self.repositories)
            target = f"{request.owner}/{request.repo}"
            raise self.refused(f"comments on {target} are not allowed, only on {allowed}")


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies of a daemon.

    Args:
        policies: in the order of the settings.
    """

    policies: tuple[Policy, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.policies)

    def of(self, origin: Origin) -> Sequence[Policy]:
        """Those that are about whoever asks."""
        return [policy for policy in self.policies if policy.names(origin)]

    def names(self, policy: str, origin: Origin) -> bool:
        """Whether the one of this name is about whoever asks."""
        return any(one.name == policy for one in self.of(origin))

    def rights(self, by: Origin) -> Rights:
        """What they let somebody do; how much waits is not counted."""
        own = self.of(by)
        is_held = any(policy.hold for policy in own)
        return Rights(
            changes=frozenset(Change).difference(_PERSONS if is_held else ()),
            edits=not is_held,
            repositories=tuple(policy.repositories for policy in own),
            whole_queue=not any(policy.is_for_part for policy in own),
        )

    def admitted(self, new_jobs: Sequence[NewJob], store: JobReader) -> Sequence[NewJob]:
        """New jobs as the policies let them in: all or, with an error, none.

        Args:
            new_jobs: what is to be queued.
            store: is read where a policy counts what waits.

        Raises:
            PolicyRefused: a policy does not allow one of them; `PolicyFull`, one more of them.
        """
        if not self.policies:
            return new_jobs
        for policy in self.policies:
            own = [one for one in new_jobs if policy.names(one.origin)]
            for new_job in own:
                policy.require_repository(new_job.request)
            _require_room(policy, own, store)
        return [self._held(one) for one in new_jobs]

    def _held(self, new_job: NewJob) -> NewJob:
        is_held = any(policy.hold for policy in self.of(new_job.origin))
        return replace(new_job, hold=True, ahead=False) if is_held else new_job

    def require_edit(self, request: CommentRequest, by: Origin) -> None:
        """Refuse another text for a comment that is queued.

        Raises:
            PolicyRefused: what ``by`` queues is held, and a person may have read the earlier text;
                or the comment's repository is not allowed.
        """
        for policy in self.of(by):
            policy.require_repository(request)
            if policy.hold:
                raise policy.refused(
                    "a queued text is changed only by others: delete the comment, and queue it"
                    " again under another key"
                )

    def require_whole_queue(self, by: Origin) -> None:
        """Refuse what concerns the whole queue, such as a pause.

        Raises:
            PolicyRefused: it is for others.
        """
        for policy in self.of(by):
            if policy.is_for_part:
                raise policy.refused(
                    "to pause, resume or flush the queue, or to open a lane, is for others"
                )

    def require_change(
        self, change: Change, by: Origin, store: JobReader, earlier: Sequence[Origin] = ()
    ) -> None:
        """Refuse a change of a job.

        Args:
            change: the change.
            by: who wants it.
            store: is read where a policy counts what waits.
            earlier: for whom other jobs are changed just before this one, once for each job.

        Raises:
            PolicyRefused: only others may make it, or too many comments would wait.
        """
        for policy in self.of(by):
            if policy.hold and change in _PERSONS:
                raise policy.refused(f"{_WORDS[change]} is for others: what is held is theirs to"
                                     " decide")  # fmt: skip
            if policy.max_waiting is not None and change in WAKING:
                waiting = _own(policy, store.pending())
                if waiting + sum(map(policy.names, earlier)) >= policy.max_waiting:
                    raise _full(policy, waiting)


FREE = Policies()
"""No policy at all: everybody is free."""

_WORDS = {
    Change.RELEASE: "release",
    Change.BUMP: "first place in the queue",
    Change.RETRY: "another attempt",
    Change.UNDELETE: "undelete",
}


def _require_room(policy: Policy, own: Sequence[NewJob], store: JobReader) -> None:
    if policy.max_waiting is None or not own:
        return
    pending = store.pending()
    fresh = sum(not _is_queued(one, pending, store) for one in own)
    waiting = _own(policy, pending)
    if fresh and waiting + fresh > policy.max_waiting:
        raise _full(policy, waiting)


def _is_queued(new_job: NewJob, pending: Iterable[Job], store: JobReader) -> bool:
    """Whether the request gives a job that is there already: it may have been sent again."""
    if new_job.request.key is not None:
        with suppress(NoSuchJob):
            return store.get(id_of_key(new_job.request.key)).state is not State.DELETED
    if new_job.if_absent:
        return any(is_same_comment(job, new_job.request) for job in pending)
    return False


def _own(policy: Policy, jobs: Iterable[Job]) -> int:
    return sum(policy.names(job.origin) for job in jobs)


def _full(policy: Policy, waiting: int) -> PolicyFull:
    return PolicyFull(
        policy.name,
        f"max_waiting is {policy.max_waiting}, and the queue has {waiting} already: queue more"
        " once some are posted, or delete some",
    )
