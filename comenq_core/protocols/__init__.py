"""What a plugin has to be: intakes, stores and posters, and the factories that make them.

Plugins need not inherit from anything here; having the methods is enough.
Each factory is called with the `Settings` once per process that needs it.
"""

from __future__ import annotations

from comenq_core.protocols.intake import ClientEndpoint, Intake, IntakeFactory, Queue, Stop
from comenq_core.protocols.poster import CredentialChecker, Poster, PosterFactory
from comenq_core.protocols.store import (
    Inspectable,
    JobImporter,
    JobReader,
    JobWorker,
    JobWriter,
    MovableStore,
    RepoFilter,
    Store,
    StoreFactory,
    Watch,
)

__all__ = [
    "ClientEndpoint",
    "CredentialChecker",
    "Inspectable",
    "Intake",
    "IntakeFactory",
    "JobImporter",
    "JobReader",
    "JobWorker",
    "JobWriter",
    "MovableStore",
    "Poster",
    "PosterFactory",
    "Queue",
    "RepoFilter",
    "Stop",
    "Store",
    "StoreFactory",
    "Watch",
]
