"""Calls of a poster's methods: whatever a plugin raises or returns, the worker lives on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from comenq_core.errors import ComenqError, PluginError
from comenq_core.model import Unknown
from comenq_core.process.isolation import pass_on_interrupt, place
from comenq_core.process.log import Log
from comenq_core.protocols import ForgeClock, Poster

__all__ = ["PosterCalls"]

log = Log("worker")


class PosterCalls:
    """Calls the methods of posters, and remembers which of them fail.

    Args:
        plugin: whose posters they are, in words.
    """

    def __init__(self, plugin: str = "the poster") -> None:
        self.plugin = plugin
        self._faults: dict[str, str] = {}

    @property
    def fault(self) -> str:
        """What failed when it was last called, ``""`` if nothing did."""
        return next(iter(self._faults.values()), "")

    def answer(self, method: str, question: Callable[[], object], **about: str) -> object:
        """What a poster answers; an exception that it should not have raised counts as `Unknown`.

        Args:
            method: which of its methods is called.
            question: the call.
            about: the job or the account that it concerns, for the log.
        """
        try:
            answer = question()
        except BaseException as error:  # noqa: BLE001 -- a plugin may raise anything
            pass_on_interrupt(error)
            # Not its text: a plugin's error may hold anything, a token for instance.
            kind = type(error).__name__
            log.error("poster_broken", "The poster plugin failed.", plugin=self.plugin,
                      method=method, **about, error=kind, where=place(error))  # fmt: skip
            return self._failed(method, kind)
        self._faults.pop(method, None)
        return answer

    def wrong(self, method: str, answer: object, **about: str) -> Unknown:
        """Log what a poster should not have answered, and stand for its answer."""
        kind = type(answer).__name__
        log.error("poster_broken", "The poster plugin returned a value of a wrong type.",
                  plugin=self.plugin, method=method, **about, returned=kind)  # fmt: skip
        return self._failed(method, f"it returned a {kind}")

    def credential(self, poster: Poster) -> str:
        """The fingerprint of an account's credential.

        Raises:
            ComenqError: it cannot be had, or the plugin failed.
        """
        try:
            return poster.credential()
        except ComenqError:
            raise
        except BaseException as error:  # noqa: BLE001 -- a plugin may raise anything
            pass_on_interrupt(error)
            # What is raised by accident may hold anything, a token for instance.
            raise PluginError(f"{self.plugin} failed: {type(error).__name__}") from None

    def clock_offset(self, poster: Poster) -> timedelta | None:
        """How far the forge's clock is ahead of the machine's, where that is known."""
        if not isinstance(poster, ForgeClock):
            return None
        answer = self.answer("clock_offset", poster.clock_offset, account=poster.account)
        return answer if isinstance(answer, timedelta) else None

    def _failed(self, method: str, cause: str) -> Unknown:
        self._faults[method] = f"{self.plugin} failed in {method}: {cause}"
        return Unknown(message=f"{self.plugin} failed: {cause}")
