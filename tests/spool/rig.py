"""What the tests of the spool share: short ways to open one, to fill it, and to read it."""

from __future__ import annotations

import grp
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from comenq_core.model import Attempt, CommentRequest, Instant, Job, NewJob, Origin
from comenq_core.process.clock import system_clock
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_plugins.spool import SpoolStore, open_spool
from comenq_plugins.spool.format.filename import Name

__all__ = [
    "DIRECTORIES",
    "FROZEN",
    "ME",
    "Opener",
    "attempt",
    "claim",
    "contents_of",
    "drop",
    "everything_in",
    "mode_of",
    "my_group",
    "names_in",
    "new_job",
    "open_at",
    "places_of",
    "put",
    "request_text",
]

ME = Origin(intake="test", uid=1000, pid=42)
DIRECTORIES = (
    "tmp", "new", "cur", "unconfirmed", "hold", "done", "failed", "past", "adopt", "follow",
)  # fmt: skip
FROZEN = FakeClock()

Opener = Callable[..., SpoolStore]


def open_at(
    path: Path, clock: Callable[[], Instant] = system_clock, *, max_pending: int = 1_000_000,
    history_days: float = 30, key_days: float = 400, **options: object,
) -> SpoolStore:  # fmt: skip
    """Open the spool in ``path``; ``options`` are its table, by default without minimums."""
    table = {"min_free_bytes": 0, "min_free_inodes": 0, **options}
    settings = Settings(
        queue_path=path,
        max_pending=max_pending,
        history_days=history_days,
        key_days=key_days,
        tables={"spool": table},
    )
    return open_spool(settings, clock)


def new_job(
    body: str = "Hi",
    *,
    key: str | None = None,
    not_before: datetime | None = None,
    ahead: bool = False,
    if_absent: bool = False,
    repo: str = "hello",
    hold: bool = False,
) -> NewJob:
    """A comment to queue."""
    request = CommentRequest(
        owner="octocat", repo=repo, pr_number=7, body=body, key=key, not_before=not_before
    )
    return NewJob(request=request, origin=ME, ahead=ahead, if_absent=if_absent, hold=hold)


def put(store: SpoolStore, *bodies: str) -> list[Job]:
    """Queue comments one by one."""
    return [store.put([new_job(body)])[0] for body in bodies]


def claim(store: SpoolStore) -> Job:
    """Take the first job; there has to be one."""
    job = store.claim("bot")
    assert job is not None
    return job


def attempt(store: SpoolStore, message: str = "as it should be") -> Attempt:
    """An attempt that has just ended."""
    now = store.now().wall
    began = now - timedelta(seconds=2)
    return Attempt(started=began, ended=now, account="bot", outcome="test", message=message)


def request_text(body: str = "Hi", **members: object) -> bytes:
    """A request as it is dropped."""
    from comenq_core.wire.strict_json import encode

    return encode({"owner": "octocat", "repo": "hello", "pr_number": 7, "body": body, **members})


def drop(spool: Path, name: str, text: bytes) -> Path:
    """Drop a file as users are told to: written elsewhere, then renamed in."""
    draft = spool / "new" / ".draft"
    draft.write_bytes(text)
    draft.rename(spool / "new" / name)
    return spool / "new" / name


def everything_in(directory: Path) -> dict[str, tuple[int, int]]:
    """A directory and all that is in it, with modes and times of change."""
    paths = [directory, *directory.rglob("*")]
    return {str(path): (path.stat().st_mode, path.stat().st_mtime_ns) for path in paths}


def contents_of(directory: Path) -> dict[str, bytes]:
    """Each file below a directory, with its bytes."""
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def mode_of(path: Path) -> int:
    """A file's permission bits."""
    return path.lstat().st_mode & 0o7777


def my_group() -> str:
    """A group that this process may give files to."""
    return grp.getgrgid(os.getgid()).gr_name


def names_in(directory: Path) -> list[Name]:
    """The jobs' names in a directory, in their order."""
    return sorted(name for text in os.listdir(directory) if (name := Name.parse(text)))


def places_of(spool: Path) -> dict[str, list[str]]:
    """For each job's id, the directories in which it is."""
    places: dict[str, list[str]] = {}
    for directory in ("new", "cur", "unconfirmed", "hold", "done", "failed", "deleted"):
        for name in names_in(spool / directory):
            places.setdefault(name.id, []).append(directory)
    return places
