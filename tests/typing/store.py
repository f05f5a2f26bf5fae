"""A store that mypy accepts."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core import Settings, Store, hookimpl, system_clock
from comenq_core.protocols import Inspectable, StoreFactory
from comenq_core.testing.memory_store import MemoryStore


class Memories:
    """Makes some that keep nothing for long, and looks at none."""

    def __call__(self, settings: Settings) -> Store:
        """A new one."""
        assert settings.store == "memory"
        return MemoryStore(system_clock)

    def inspect(self, settings: Settings) -> Store | None:
        """There is none yet."""


def made() -> tuple[StoreFactory, Inspectable]:
    """A factory, as what it has to be."""
    return Memories(), Memories()


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer it."""
    return {"memory": Memories(), "another": lambda _: MemoryStore(system_clock)}
