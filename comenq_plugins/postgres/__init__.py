"""PostgreSQL: a store that several machines share.

It needs psycopg: the extra ``postgres``. Its options are in ``[postgres]``, which
`docs/configuration.md` describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from comenq_core import Settings, hookimpl
from comenq_core.errors import PluginError
from comenq_core.presentation.extras import how_to_get
from comenq_core.protocols import StoreFactory

if TYPE_CHECKING:
    from comenq_plugins.postgres.store import PostgresStore

__all__ = ["PostgresFactory", "comenq_stores", "open_postgres"]


class PostgresFactory:
    """Opens the store in the database that ``[postgres] dsn`` names, or inspects it.

    Raises:
        PluginError: psycopg is not installed.
        SettingsError: an option is missing or wrong.
        StoreError: the database is out of reach, or not fit; the text says what to do.
    """

    def __call__(self, settings: Settings) -> PostgresStore:
        with _needing_psycopg():
            from comenq_plugins.postgres.factory import open_store
        return open_store(settings)

    def inspect(self, settings: Settings) -> PostgresStore | None:
        with _needing_psycopg():
            from comenq_plugins.postgres.factory import inspect_store
        return inspect_store(settings)


open_postgres = PostgresFactory()


@contextmanager
def _needing_psycopg() -> Iterator[None]:
    # With the spool, psycopg is not needed, and importing it takes time.
    try:
        yield
    except ImportError as error:
        raise PluginError(
            f"the store postgres needs psycopg, which cannot be imported ({error});"
            f" {how_to_get('postgres')}"
        ) from error


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer PostgreSQL."""
    return {"postgres": open_postgres}
