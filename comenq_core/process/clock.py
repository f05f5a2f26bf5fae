"""The machine's clocks: the wall clock, and one since boot that cannot be set."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache

from comenq_core.model import Instant

__all__ = ["system_clock"]


def system_clock() -> Instant:
    """The time now.

    The second clock counts sleep too (CLOCK_BOOTTIME), so that a laptop that slept through the
    cooldown need not wait again. It has a meaning only together with the boot it belongs to.
    """
    wall = datetime.now(UTC)
    boot = _boot()
    return Instant(wall=wall, boot=boot, ticks=_ticks() if boot else 0.0)


def _ticks() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@cache
def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
