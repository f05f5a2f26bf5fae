"""What a plugin raises must not end the process: which exceptions are its own, and their words."""

from __future__ import annotations

import signal
import traceback

from comenq_core.text import printable

__all__ = ["described", "pass_on_interrupt", "place"]


def pass_on_interrupt(error: BaseException) -> None:
    """Raise the user's Ctrl-C again; return for everything else, which is a plugin's own fault.

    For an ``except BaseException`` around a plugin's code: a library may raise `SystemExit`, a
    panic of its extension or a cancellation. Where SIGINT has a handler of comenq's, as in the
    listener and the worker, no `KeyboardInterrupt` is the user's.
    """
    if (
        isinstance(error, KeyboardInterrupt)
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        raise error


def described(error: BaseException) -> str:
    """An exception's type and text, on one line."""
    try:
        text = printable(error)
    except BaseException as worse:  # noqa: BLE001 -- a stranger's __str__ may raise anything
        pass_on_interrupt(worse)
        text = "(its text cannot be shown)"
    return f"{type(error).__name__}: {text}"


def place(error: BaseException) -> str:
    """Where an exception was raised, as ``FILE:LINE``: unlike its text, that holds no secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
