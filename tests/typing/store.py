"""A store that mypy accepts."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core import Settings, Store, hookimpl, system_clock
from comenq_core.protocols import StoreFactory
from comenq_core.testing.memory import MemoryStore


def make(settings: Settings) -> Store:
    """One that keeps nothing for long."""
    assert settings.store == "memory"
    return MemoryStore(system_clock)


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer it."""
    return {"memory": make, "another": lambda _: MemoryStore(system_clock)}
