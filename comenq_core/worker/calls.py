"""Calls of a poster's methods: whatever a plugin raises or returns, the worker lives on."""

from __future__ import annotations

from collections.abc import Callable

from comenq_core.model import Unknown
from comenq_core.process.isolation import pass_on_interrupt, place
from comenq_core.process.log import Log

__all__ = ["answer_of", "wrong_answer"]

log = Log("worker")


def answer_of(question: Callable[[], object], **about: str) -> object:
    """What a poster answers; an exception that it should not have raised counts as `Unknown`.

    Args:
        question: the call.
        about: the job or the account that it concerns, for the log.
    """
    try:
        return question()
    except BaseException as error:  # noqa: BLE001 -- a plugin may raise anything
        pass_on_interrupt(error)
        # Not its text: a plugin's error may hold anything, a token for instance.
        kind = type(error).__name__
        log.error("poster_broken", "The poster plugin failed.", **about, error=kind,
                  where=place(error))  # fmt: skip
        return Unknown(message=f"the poster failed: {kind}")


def wrong_answer(answer: object, **about: str) -> Unknown:
    """Log what a poster should not have returned, and stand for its answer."""
    kind = type(answer).__name__
    log.error("poster_broken", "The poster plugin returned a value of a wrong type.", **about,
              returned=kind)  # fmt: skip
    return Unknown(message=f"the poster failed: it returned a {kind}")
