"""The machine's clocks: the wall clock, and one since boot that cannot be set."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from uuid import UUID, uuid4

from comenq_core.model import ONE_PROCESS, Instant

__all__ = ["UNKNOWN_BOOT", "boot_id", "first_uuid", "output", "since_boot", "system_clock"]

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
"""Where Linux says which boot this is. https://man7.org/linux/man-pages/man4/random.4.html"""
_BOOT_VARIABLE = "COMENQ_BOOT_ID"
"""Says the same where that file is hidden: systemd's specifier ``%b``, as in the service's unit."""
_COMMANDS: Mapping[str, Sequence[str]] = {
    "darwin": ("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"),
}
"""What says the same on other systems, by `sys.platform`.

https://github.com/apple-oss-distributions/xnu/blob/main/bsd/kern/kern_sysctl.c
"""
UNKNOWN_BOOT = (
    f"Nothing tells which boot of the machine this is: {_BOOT_ID} cannot be read. So after a"
    " restart of the daemon a cooldown may last longer, and what is old may be kept longer. Under"
    f" systemd, set Environment={_BOOT_VARIABLE}=%b in the unit, as comenq's own does; elsewhere,"
    " let the daemon read that file."
)
"""What to tell where `boot_id` is empty."""

_COMMAND_SECONDS = 10.0

_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def system_clock() -> Instant:
    """The time now.

    The second clock counts sleep too (CLOCK_BOOTTIME), so that a laptop that slept through the
    cooldown need not wait again. It always counts; where nothing tells which boot this is, only
    this process can compare what it has read of it.
    """
    return Instant(wall=datetime.now(UTC), boot=_boot(), ticks=since_boot())


def since_boot() -> float:
    """Seconds by a clock that nobody sets, and that counts sleep where the machine has such a one.

    For what ends while a laptop sleeps, such as a token; `time.monotonic` would stand still.
    """
    return time.clock_gettime(_SINCE_BOOT)


@cache
def boot_id() -> str:
    """Which boot of the machine this is, the same in all processes; ``""`` if nothing tells it."""
    return first_uuid(_told())


def first_uuid(texts: Iterable[str]) -> str:
    """The first text that is a UUID and not nil, as Linux writes it; ``""`` if there is none."""
    for text in texts:
        with suppress(ValueError):
            found = UUID(text.strip())
            if found.int:
                return str(found)
    return ""


def _told() -> Iterator[str]:
    with suppress(OSError, ValueError), open(_BOOT_ID, encoding="ascii") as file:
        yield file.read()
    yield os.environ.get(_BOOT_VARIABLE, "")
    if command := _COMMANDS.get(sys.platform):
        yield output(command)


def output(command: Sequence[str]) -> str:
    """What a command prints; ``""`` if it cannot be run."""
    # Rarely needed, and slow to import.
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=_COMMAND_SECONDS, check=True,
        ).stdout  # fmt: skip
    return ""


@cache
def _boot() -> str:
    return boot_id() or f"{ONE_PROCESS}{uuid4()}"
