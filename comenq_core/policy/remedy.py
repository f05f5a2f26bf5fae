"""When a part of the daemon is restarted, and when restarts have not helped. Pure.

Times are seconds by a clock that nobody sets and that stands still while the machine sleeps: a
worker that slept with its machine needs a minute to look around.
"""

from __future__ import annotations

__all__ = ["LISTENER", "WORKER", "Remedy"]

LISTENER = "listener"
WORKER = "worker"

_ANSWER_SECONDS = 180.0
"""How long a listener may be silent; one that waits for its database answers sooner."""
_STALLED_SECONDS = 75.0
"""How long a worker may be told to make no progress: it looks around once a minute."""
_SHOWN_SECONDS = 70.0
"""After so many seconds a listener without an answer is shown, as it is asked once a minute."""
_GAP_SECONDS = 30.0
"""After a longer gap between two looks, it was the one who looks that stood still."""
_RESTARTS = 3
_RESTARTS_SECONDS = 1_800.0
"""Where so many restarts within this time did not help, no other will."""


class Remedy:
    """What the listener's answers, and their absence, mean.

    Args:
        now: the time.
    """

    def __init__(self, now: float) -> None:
        self._seen = self._answered = now
        self._stalled_since: float | None = None
        self._restarts: list[float] = []

    def answer(self, now: float, *, is_stalled: bool) -> None:
        """The listener has answered, and told whether the worker makes no progress."""
        self._answered = now
        if not is_stalled:
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = now

    def due(self, now: float) -> str:
        """The part that has to be restarted now, or ``""``."""
        if now - self._seen > _GAP_SECONDS:
            self._answered, self._stalled_since = now, None
        self._seen = now
        if now - self._answered >= _ANSWER_SECONDS:
            return LISTENER
        if self._stalled_since is not None and now - self._stalled_since >= _STALLED_SECONDS:
            return WORKER
        return ""

    def restarted(self, now: float) -> None:
        """A part was restarted, and has time to show progress."""
        self._answered, self._stalled_since = now, None
        self._restarts = [at for at in self._restarts if now - at < _RESTARTS_SECONDS] + [now]

    def stalled(self, now: float) -> list[str]:
        """The parts that make no progress."""
        listener = [LISTENER] if now - self._answered >= _SHOWN_SECONDS else []
        worker = [WORKER] if self._stalled_since is not None else []
        return listener + worker

    def is_beyond_restarts(self, now: float) -> bool:
        """Whether a part makes no progress although it was restarted several times."""
        recent = [at for at in self._restarts if now - at < _RESTARTS_SECONDS]
        return len(recent) >= _RESTARTS and bool(self.stalled(now))
