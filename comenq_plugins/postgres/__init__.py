"""PostgreSQL: a store that several machines share.

It needs psycopg: ``pip install 'comenq[postgres]'``. Its settings are in ``[postgres]``:

``dsn``
    how to reach the database, as libpq understands it: ``postgresql://comenq@db/comenq``.
``schema``
    where its tables are (default: ``comenq``).
``lease_seconds``
    after how long without a sign of life a worker loses its job; at least two seconds longer
    than ``github_api_timeout_secs``.
``patience_seconds``
    after how long without an answer the database counts as out of reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from comenq_core import Settings, hookimpl
from comenq_core.errors import PluginError
from comenq_core.protocols import StoreFactory

if TYPE_CHECKING:
    from comenq_plugins.postgres.store import PostgresStore

__all__ = ["PostgresFactory", "comenq_stores", "open_postgres"]


class PostgresFactory:
    """Opens stores in PostgreSQL, or inspects them."""

    def __call__(self, settings: Settings) -> PostgresStore:
        """Raises as `open_postgres`."""
        return open_postgres(settings)

    def inspect(self, settings: Settings) -> PostgresStore | None:
        """The store, if its tables are there and up to date. Raises as `open_postgres`."""
        with _needing_psycopg():
            from comenq_plugins.postgres.factory import inspect_store
        return inspect_store(settings)


def open_postgres(settings: Settings) -> PostgresStore:
    """Open the store in the database that ``[postgres] dsn`` names; its tables are made or updated.

    Raises:
        PluginError: psycopg is not installed.
        SettingsError: an option is missing or wrong.
        StoreError: the database is out of reach, or not fit; the text says what to do.
    """
    with _needing_psycopg():
        from comenq_plugins.postgres.factory import open_store
    return open_store(settings)


@contextmanager
def _needing_psycopg() -> Iterator[None]:
    # With the spool, psycopg is not needed, and importing it takes time.
    try:
        yield
    except ImportError as error:
        raise PluginError(
            f"the store postgres needs psycopg, which cannot be imported ({error}); run:"
            " pip install 'comenq[postgres]'"
        ) from error


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer PostgreSQL."""
    return {"postgres": PostgresFactory()}
