"""PostgreSQL: a store that several machines share.

It needs psycopg: ``pip install 'comenq[postgres]'``. Its own settings stand in ``[postgres]``:

``dsn``
    how to reach the database, as libpq understands it: ``postgresql://comenq@db/comenq``.
``schema``
    where its tables are (default: ``comenq``).
``lease_seconds``
    for how long a worker may keep a job without being heard of; longer than
    ``github_api_timeout_secs``, by two seconds at least.
``patience_seconds``
    after how long without an answer the database counts as out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from comenq_core import Settings, hookimpl
from comenq_core.errors import PluginError
from comenq_core.protocols import StoreFactory

if TYPE_CHECKING:
    from comenq_plugins.postgres.store import PostgresStore

__all__ = ["comenq_stores", "open_postgres"]


def open_postgres(settings: Settings) -> PostgresStore:
    """Open the store in the database that ``[postgres] dsn`` names; its tables are made or renewed.

    Raises:
        PluginError: psycopg is not installed.
        SettingsError: an option is missing or wrong.
        StoreError: the database is out of reach, or not fit; the text says what to do.
    """
    # Whoever keeps to the spool installs no psycopg, and waits for none.
    try:
        from comenq_plugins.postgres.opening import open_store
    except ImportError as error:
        raise PluginError(
            f"the store postgres needs psycopg, which cannot be imported ({error}); run:"
            " pip install 'comenq[postgres]'"
        ) from error
    return open_store(settings)


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer PostgreSQL."""
    return {"postgres": open_postgres}
