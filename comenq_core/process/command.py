"""Runs an operator's command: with a time limit, in a bounded space, and without a token."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from comenq_core.text import printable

__all__ = ["CommandResult", "environment", "run"]

OUTPUT_LIMIT = 1_000
"""Bytes of a command's output that are kept."""

_CHUNK = 4_096
# What commands need to find their user, the desktop and the language. Everything else may be, or
# name, a token.
_PASSED_ON = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|TZ|LANG|LANGUAGE|LC_[A-Z]+|XDG_[A-Z_]+|DISPLAY|XAUTHORITY"
    "|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|TMPDIR"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a command ended.

    Args:
        fault: why it failed, ``""`` if it did not.
        output: the beginning of what it printed.
    """

    fault: str = ""
    output: str = ""


class _Output:
    """The first bytes of a command's output; all else is read and dropped."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, chunk: bytes | str) -> None:
        room = OUTPUT_LIMIT - len(self._bytes)
        data = chunk.encode() if isinstance(chunk, str) else chunk
        self._bytes += data[: max(0, room)]

    def text(self) -> str:
        return self._bytes.decode("utf-8", "replace").strip()


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a command gets: none that may hold a token."""
    return {name: value for name, value in environ.items() if _PASSED_ON.fullmatch(name)}


def run(words: Sequence[str], text: bytes, seconds: float) -> CommandResult:
    """Run a command to its end, and never longer than ``seconds``; raise nothing.

    What takes longer is killed, with all that it has started.

    Args:
        words: the command and its arguments; no shell runs it.
        text: its standard input, which it need not read.
        seconds: the time that it has.
    """
    # Loaded only where a command is used.
    import sh

    output = _Output()
    try:
        running = sh.Command(words[0])(
            *words[1:],
            _in=text,
            _out=output.add,
            _err_to_out=True,
            _out_bufsize=_CHUNK,
            _tty_out=False,
            _decode_errors="replace",
            _env=environment(os.environ),
            _new_session=True,
            _bg=True,
            _bg_exc=False,
        )
    except sh.CommandNotFound:
        return CommandResult(fault="there is no such command")
    except (OSError, sh.ForkException) as error:
        return CommandResult(fault=f"cannot be run: {printable(error)}")
    fault = ""
    try:
        running.wait(timeout=seconds)
    except sh.TimeoutException:
        fault = f"took longer than {seconds:g} s and was killed"
        with suppress(ProcessLookupError):  # it has just ended
            running.kill_group()
    except sh.ErrorReturnCode as error:
        code = error.exit_code
        fault = f"failed with exit status {code}" if code > 0 else f"was ended by signal {-code}"
    running.process.wait()
    return CommandResult(fault=fault, output=output.text())
