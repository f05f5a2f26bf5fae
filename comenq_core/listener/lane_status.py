"""The lanes of reviewers as users see them, and how an operator opens one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from comenq_core.errors import (
    InvalidRequest,
    PacingConflict,
    StoreError,
    WrongState,
)
from comenq_core.listener.reviews import Followed, followed
from comenq_core.model import Instant, LaneRecord, LaneStatus
from comenq_core.policy.lanes import LanePolicy, until_open
from comenq_core.policy.verdicts import Standing, is_closing, standing
from comenq_core.protocols import LaneKeeper, Store
from comenq_core.text import nearest, printable

__all__ = ["Lanes"]

_TIMES = 5
"""How often a record is read again that somebody has replaced meanwhile."""
_SHOWN = 10
"""How many lanes an error names."""


class Lanes:
    """What is known of the lanes of reviewers.

    Args:
        store: where the records are.
        policy: what the settings make of lanes; ``None`` without reviewers.
    """

    def __init__(self, store: Store, policy: LanePolicy | None) -> None:
        self._store = store
        self._policy = policy
        self._keeper = store if policy and isinstance(store, LaneKeeper) else None

    @property
    def reviewers(self) -> tuple[str, ...]:
        """The names of the reviewers in use."""
        return tuple(one.reviewer for one in self._policy.quotas) if self._policy else ()

    def all(self, triggers: Followed, now: Instant) -> tuple[LaneStatus, ...]:
        """Each lane of a reviewer of which something is known."""
        if self._keeper is None:
            return ()
        return tuple(
            self._status(record, triggers, now)
            for lane, record in self._keeper.lanes().items()
            if lane.reviewer
        )

    def open(self, reviewer: str, scope: str | None) -> LaneStatus:
        """End what holds or blocks a lane; return it as it is now.

        Args:
            reviewer: the reviewer's name.
            scope: the lane's; ``None`` for the only one that is held or blocked.

        Raises:
            InvalidRequest: there is no such lane, or there are several; the error names them.
            WrongState: the lane is neither held nor blocked.
            StoreError: the store failed.
        """
        self._check_name(reviewer)
        for _ in range(_TIMES):
            now = self._store.now()
            record = self._chosen(reviewer, scope, now)
            if not _is_closed(record, now):
                raise WrongState(f"the lane {printable(record.lane)} is neither held nor blocked")
            opened = replace(
                record, held_until=None, reason="", is_blocked=False, released=now.wall
            )
            try:
                assert self._keeper
                self._keeper.save_lane(opened, expect=record)
            except PacingConflict:
                continue
            return self._status(opened, followed(self._store), now)
        raise StoreError(f"the lane of {reviewer} changes all the time: try again")

    def _check_name(self, reviewer: str) -> None:
        if reviewer not in self.reviewers:
            names = ", ".join(self.reviewers)
            meant = nearest(reviewer, self.reviewers)
            known = f"there are {names}" if names else "the settings name no reviewers"
            hint = f"did you mean {meant}?" if meant else known
            raise InvalidRequest("reviewer", f"is none that is used here: {hint}")

    def _chosen(self, reviewer: str, scope: str | None, now: Instant) -> LaneRecord:
        assert self._keeper
        lanes = [one for one in self._keeper.lanes().values() if one.lane.reviewer == reviewer]
        if scope is None:
            closed = [one for one in lanes if _is_closed(one, now)]
            if not closed:
                raise WrongState(f"no lane of {reviewer} is held or blocked")
            if len(closed) > 1:
                raise InvalidRequest("scope", f"is needed: one of {_scopes(closed)}")
            return closed[0]
        # The name of an account has upper case, and an account of the same letters is the same.
        found = [one for one in lanes if one.lane.scope.lower() == scope.lower()]
        if not found:
            known = f"there are {_scopes(lanes)}" if lanes else f"{reviewer} has none so far"
            raise InvalidRequest("scope", f"is no lane of {reviewer}: {known}")
        return found[0]

    def _status(self, record: LaneRecord, triggers: Followed, now: Instant) -> LaneStatus:
        assert self._policy
        wait = until_open(record, now, self._policy)
        own = {one: its for one, its in triggers.items() if its[0].lane == record.lane}
        awaited = [one for one, its in own.items() if standing(*its) is not Standing.OVER]
        is_asked = any(is_closing(*its) for its in own.values())
        state = "asked" if is_asked else "open"
        if _is_closed(record, now):
            state = "blocked" if record.is_blocked else "held"
        is_known = not is_asked and math.isfinite(wait)
        return LaneStatus(
            record=record, state=state, opens_in=wait if is_known else None, jobs=tuple(awaited)
        )


def _is_closed(record: LaneRecord, now: Instant) -> bool:
    is_held = record.held_until is not None and record.held_until > now.wall
    return record.is_blocked or is_held


def _scopes(records: Sequence[LaneRecord]) -> str:
    names = [printable(one.lane.scope) or "(everything)" for one in records]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
