"""A process that has plugins: what they print and leave running does not concern its caller."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

__all__ = ["end_after", "output_apart"]

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


def end_after(run: Callable[[], int]) -> None:
    """Run a command, and end the process with its exit status.

    The interpreter would first wait for every thread that a plugin has not made a daemon.
    """
    status = 1
    try:
        status = run()
    except SystemExit as exit_:
        status = _status(exit_.code)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException:  # noqa: BLE001 -- a defect: it is shown, and the process ends all the same
        sys.excepthook(*sys.exc_info())
    _flush(sys.stdout)
    _flush(sys.stderr)
    os._exit(status)


@contextmanager
def output_apart() -> Iterator[None]:
    """Keep standard output for a command's results.

    Within the block, what is written there goes to standard error: what a plugin prints, and what
    its extensions and child processes write to descriptor 1.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _status(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1


def _flush(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        stream.flush()
