"""What the tests of evidence and faults share: several repositories, accounts and states."""

from __future__ import annotations

from pathlib import Path

from comenq_core.listener.queue import JobQueue
from comenq_core.model import CommentRequest, Job, NewJob, Origin, State
from comenq_core.policy.from_settings import pacing_policy
from comenq_core.testing.forge import Received
from tests.worker.rig import Rig

__all__ = ["HOUR", "flush", "look_ups", "posts", "put", "resume", "send", "states", "token_files"]

HOUR = 3_600.0


def put(daemon: Rig, target: str, body: str, **members: object) -> Job:
    """Queue a comment on ``owner/repo#number``."""
    name, _, number = target.partition("#")
    owner, _, repo = name.partition("/")
    request = CommentRequest(owner=owner, repo=repo, pr_number=int(number), body=body, **members)  # type: ignore[arg-type]
    return daemon.store.put([NewJob(request=request, origin=Origin(intake="test"))])[0]


def posts(daemon: Rig) -> list[Received]:
    """The requests so far that were to create a comment."""
    return [one for one in daemon.forge.posts if one.path.endswith("/comments")]


def send(daemon: Rig) -> None:
    """Let the worker go on until it has sent one more comment, and no further."""
    before = len(posts(daemon))
    for _ in range(1_000):
        wait = daemon.worker.step()
        if len(posts(daemon)) > before:
            return
        daemon.clock.advance(wait)
    raise AssertionError("no comment is ever sent")


def look_ups(daemon: Rig) -> int:
    """How many pages of comments were listed."""
    return sum(one.method == "GET" and "/comments" in one.path for one in daemon.forge.requests)


def states(daemon: Rig, jobs: list[Job]) -> list[State]:
    """The states of these jobs, now."""
    return [daemon.job(job).state for job in jobs]


def token_files(directory: Path, *tokens: str) -> tuple[str, ...]:
    """Private files with these tokens, named after them."""
    paths = [directory / token for token in tokens]
    for path in paths:
        path.touch(0o600)
        path.write_text(f"{path.name}\n")
    return tuple(map(str, paths))


def resume(daemon: Rig) -> None:
    """Do what ``comenq resume`` does."""
    queue = JobQueue(daemon.store, pacing_policy(daemon.settings))
    queue.resume(by=Origin(intake="test"))


def flush(daemon: Rig) -> None:
    """Do what ``comenq flush`` does."""
    queue = JobQueue(daemon.store, pacing_policy(daemon.settings))
    queue.flush(by=Origin(intake="test"))
