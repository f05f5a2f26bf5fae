"""Every public name has the type that it says it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

import comenq_core
from comenq_core.model import (
    Answered,
    Attempt,
    Blocked,
    Change,
    Checking,
    Done,
    Entry,
    Failed,
    Instant,
    Posted,
    Refused,
    Requeued,
    RetryAt,
    Skipped,
    State,
    Status,
    Throttled,
    Unauthorized,
    Unavailable,
    Unconfirmed,
    Unknown,
)
from comenq_core.model.identity import id_of_key, is_same_comment
from comenq_core.model.transitions import answered, changed, settled
from comenq_core.protocols import (
    ClientEndpoint,
    IntakeFactory,
    JobImporter,
    JobReader,
    JobWorker,
    JobWriter,
    MovableStore,
    PosterFactory,
    StoreFactory,
)
from comenq_core.wire.codec import from_json, to_json, verdict_from_json


def records(
    request: comenq_core.CommentRequest,
    job: comenq_core.Job,
    origin: comenq_core.Origin,
    new_job: comenq_core.NewJob,
) -> None:
    """Records have members of these types."""
    assert_type(request.body, str)
    assert_type(request.pr_number, int)
    assert_type(request.not_before, datetime | None)
    assert_type(request.target, str)
    assert_type(job.asked, comenq_core.CommentRequest)
    assert_type(job.state, State)
    assert_type(job.attempts, tuple[Attempt, ...])
    assert_type(origin.uid, int | None)
    assert_type(new_job.request, comenq_core.CommentRequest)


def unions(outcome: comenq_core.Outcome, verdict: comenq_core.Verdict) -> None:
    """A union has these members and no others."""
    assert_type(
        outcome,
        Posted | Throttled | Unavailable | Unknown | Refused | Unauthorized | Blocked | Skipped,
    )
    assert_type(verdict, Done | RetryAt | Requeued | Checking | Failed | Unconfirmed)


def protocols(
    queue: comenq_core.Queue,
    stop: comenq_core.Stop,
    store: comenq_core.Store,
    poster: comenq_core.Poster,
    intake: comenq_core.Intake,
) -> None:
    """Protocols have methods of these types."""
    assert_type(queue.status(), Status)
    assert_type(queue.pending(), Sequence[Entry])
    assert_type(queue.pending_in("o/r", 9), Sequence[Entry | None])
    assert_type(queue.history(3), Sequence[comenq_core.Job])
    assert_type(stop.wait(1.0), bool)
    assert_type(store.now(), Instant)
    assert_type(store.claim(poster.account), comenq_core.Job | None)
    assert_type(poster.credential(), str)
    serve: Callable[[comenq_core.Queue, comenq_core.Stop], None] = intake.serve
    serve(queue, stop)


def roles(store: MovableStore) -> tuple[JobReader, JobWriter, JobWorker, JobImporter]:
    """A store is all of its roles, and a movable one can import jobs."""
    return store, store, store, store


def abilities(endpoint: ClientEndpoint) -> None:
    """What a plugin may be as well has members of these types."""
    assert_type(endpoint.socket_path, Path)


def store_helpers(job: comenq_core.Job, attempt: Attempt) -> None:
    """What stores share has these types."""
    assert_type(id_of_key("key"), str)
    assert_type(is_same_comment(job, job.asked), bool)
    assert_type(changed(job, Change.HOLD, job.arrived), comenq_core.Job)
    assert_type(to_json(job), dict[str, Any])
    assert_type(from_json(comenq_core.Job, {}), comenq_core.Job)
    verdict = verdict_from_json({})
    assert_type(verdict, Done | RetryAt | Requeued | Checking | Failed | Unconfirmed | Answered)
    if isinstance(verdict, Answered):
        assert_type(answered(job, verdict, attempt), comenq_core.Job)
    else:
        assert_type(settled(job, verdict, attempt), comenq_core.Job)


def factories(intake: IntakeFactory, store: StoreFactory, poster: PosterFactory) -> None:
    """Factories take the settings."""
    settings = comenq_core.Settings()
    assert_type(intake(settings), comenq_core.Intake)
    assert_type(store(settings), comenq_core.Store)
    assert_type(poster(settings), Iterable[comenq_core.Poster])


def helpers() -> None:
    """The rest of what plugins need."""
    settings = comenq_core.Settings()
    assert_type(settings.intakes, tuple[str, ...])
    assert_type(settings.options("table", {"key": 1}), dict[str, int])
    assert_type(comenq_core.Secret("token").reveal(), str)
    assert_type(comenq_core.printable("text"), str)
    assert_type(comenq_core.system_clock(), Instant)
    assert_type(comenq_core.Log("name"), comenq_core.Log)
    assert_type(comenq_core.__version__, str)

    @comenq_core.hookimpl
    def hook() -> int:
        return 1

    assert_type(hook(), int)


def errors(
    refused: comenq_core.QueueRefused,
    invalid: comenq_core.InvalidRequest,
    others: comenq_core.NoSuchJob | comenq_core.PluginError | comenq_core.SettingsError,
) -> comenq_core.ComenqError | comenq_core.StoreError:
    """All errors are `ComenqError`s, and some carry data."""
    assert_type(refused.why, str)
    assert_type(invalid.path, str)
    assert_type(invalid.reason, str)
    return refused if refused.code else others
