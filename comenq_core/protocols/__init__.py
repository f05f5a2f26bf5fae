"""The protocols of intakes, stores, posters and reviewers, and of the factories that make them.

A plugin need not inherit from them: having the methods is enough. Each factory is called with the
`Settings`, once in each process that needs it.
"""

from __future__ import annotations

from comenq_core.protocols.intake import ClientEndpoint, Intake, IntakeFactory, Queue, Stop
from comenq_core.protocols.poster import (
    VERIFY_SECONDS,
    AccountDirectory,
    AccountProbe,
    AnswerSource,
    ConversationReader,
    CredentialChecker,
    CredentialHolder,
    ForgeClock,
    ForgeHost,
    Identifiable,
    Lookup,
    Poster,
    PosterFactory,
    Selective,
    TargetVerifier,
    ThreadDirectory,
    ThreadReplier,
)
from comenq_core.protocols.reviewer import (
    QuotaHolder,
    Reviewer,
    ReviewerFactory,
    TriggerAdviser,
    same_login,
)
from comenq_core.protocols.store import (
    JobReader,
    JobWorker,
    JobWriter,
    Store,
    StoreFactory,
    Watch,
    every_job,
)
from comenq_core.protocols.store_abilities import (
    FollowKeeper,
    Inspectable,
    JobImporter,
    LaneKeeper,
    MovableStore,
    NumberFilter,
    PastImporter,
    RepoFilter,
    TargetRecorder,
)

__all__ = [
    "VERIFY_SECONDS",
    "AccountDirectory",
    "AccountProbe",
    "AnswerSource",
    "ClientEndpoint",
    "ConversationReader",
    "CredentialChecker",
    "CredentialHolder",
    "FollowKeeper",
    "ForgeClock",
    "ForgeHost",
    "Identifiable",
    "Inspectable",
    "Intake",
    "IntakeFactory",
    "JobImporter",
    "JobReader",
    "JobWorker",
    "JobWriter",
    "LaneKeeper",
    "Lookup",
    "MovableStore",
    "NumberFilter",
    "PastImporter",
    "Poster",
    "PosterFactory",
    "Queue",
    "QuotaHolder",
    "RepoFilter",
    "Reviewer",
    "ReviewerFactory",
    "Selective",
    "Stop",
    "Store",
    "StoreFactory",
    "TargetRecorder",
    "TargetVerifier",
    "ThreadDirectory",
    "ThreadReplier",
    "TriggerAdviser",
    "Watch",
    "every_job",
    "same_login",
]
