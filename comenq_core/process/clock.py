"""The machine's clocks: the wall clock, and one since boot that cannot be set."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache

from comenq_core.model import Instant

__all__ = ["since_boot", "system_clock"]

_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def system_clock() -> Instant:
    """The time now.

    The second clock counts sleep too (CLOCK_BOOTTIME), so that a laptop that slept through the
    cooldown need not wait again. It has a meaning only together with the boot it belongs to.
    """
    wall = datetime.now(UTC)
    boot = _boot()
    return Instant(wall=wall, boot=boot, ticks=since_boot() if boot else 0.0)


def since_boot() -> float:
    """Seconds by a clock that nobody sets, and that counts sleep where the machine has such a one.

    For what ends while a laptop sleeps, such as a token; `time.monotonic` would stand still.
    """
    return time.clock_gettime(_SINCE_BOOT)


@cache
def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
