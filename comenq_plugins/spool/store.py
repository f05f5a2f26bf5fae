"""The spool: a store whose directories are the states and whose file names are the queue."""

from __future__ import annotations

from comenq_plugins.spool.migrate import Importer
from comenq_plugins.spool.operators import OperatorActions
from comenq_plugins.spool.texts import Texts
from comenq_plugins.spool.worker import Claims

__all__ = ["SpoolStore"]


class SpoolStore(OperatorActions, Texts, Claims, Importer):
    """Implements `comenq_core.protocols.MovableStore` in one directory."""

    def close(self) -> None:
        """Stop watching the spool."""
        self._catalog.close()
