"""A store that mypy accepts."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core import Settings, Store, hookimpl, system_clock
from comenq_core.protocols import Inspectable, StoreFactory
from comenq_core.testing.memory_store import MemoryStore


class MemoryStores:
    """Makes stores in memory, of which none is there to be inspected."""

    def __call__(self, settings: Settings) -> Store:
        """Make one."""
        assert settings.store == "memory"
        return MemoryStore(system_clock)

    def inspect(self, settings: Settings) -> Store | None:
        """There is none yet."""


def made() -> tuple[StoreFactory, Inspectable]:
    """It is a `StoreFactory` and an `Inspectable`."""
    return MemoryStores(), MemoryStores()


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer it."""
    return {"memory": MemoryStores(), "another": lambda _: MemoryStore(system_clock)}
