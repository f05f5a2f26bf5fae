"""The protocols of intakes, stores, posters and reviewers, and of the factories that make them.

A plugin need not inherit from them: having the methods is enough. Each factory is called with the
`Settings`, once in each process that needs it.
"""

from __future__ import annotations

from comenq_core.protocols.intake import (
    ClientEndpoint,
    Intake,
    IntakeFactory,
    Queue,
    Stop,
    TokenHolder,
)
from comenq_core.protocols.job_reader import JobReader
from comenq_core.protocols.job_worker import JobWorker, Watch, every_job
from comenq_core.protocols.job_writer import JobWriter
from comenq_core.protocols.poster import Lookup, Poster, PosterFactory
from comenq_core.protocols.poster_abilities import (
    VERIFY_SECONDS,
    AccountDirectory,
    AccountProbe,
    AnswerSource,
    ConversationReader,
    CredentialChecker,
    CredentialGuard,
    CredentialHolder,
    ForgeClock,
    ForgeHost,
    Identifiable,
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
from comenq_core.protocols.store import Store, StoreFactory
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
    Transactional,
)

__all__ = [
    "VERIFY_SECONDS",
    "AccountDirectory",
    "AccountProbe",
    "AnswerSource",
    "ClientEndpoint",
    "ConversationReader",
    "CredentialChecker",
    "CredentialGuard",
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
    "TokenHolder",
    "Transactional",
    "TriggerAdviser",
    "Watch",
    "every_job",
    "same_login",
]
