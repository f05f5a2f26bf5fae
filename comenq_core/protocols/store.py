"""What a store has to be: it keeps the jobs, their order, and the pacing records.

A `Store` is three roles in one: the listener is a reader and a writer, the worker a reader and a
worker. What a store may be as well is in `comenq_core.protocols.store_abilities`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from comenq_core.protocols.job_reader import JobReader
from comenq_core.protocols.job_worker import JobWorker
from comenq_core.protocols.job_writer import JobWriter

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["Store", "StoreFactory"]


class Store(JobReader, JobWriter, JobWorker, Protocol):
    """Keeps jobs and pacing records.

    The listener calls it from several threads at once, the worker from one.
    """


StoreFactory = Callable[["Settings"], Store]
"""Opens the store, and makes it if it is missing."""
