"""Which failed jobs a person has seen: an empty file, ``failed/NAME.seen``, marks the job NAME.

The name says when the job failed: one that is queued again and fails once more is unseen again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.places import Place

__all__ = ["mark", "mark_of", "remove_marks", "seen_in", "unseen"]

_SUFFIX = ".seen"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_MODE = 0o600


def mark_of(place: Place) -> str:
    """The path of the file that marks a failed job as seen."""
    return f"{place.path}{_SUFFIX}"


def seen_in(directory: str) -> list[Name]:
    """The names of the jobs in a directory that are marked, in their order."""
    with os.scandir(directory) as entries:
        texts = [
            e.name for e in entries if e.name.endswith(_SUFFIX) and e.is_file(follow_symlinks=False)
        ]
    return sorted(name for text in texts if (name := Name.parse(text.removesuffix(_SUFFIX))))


def unseen(failed: Collection[Name], seen: Collection[Name]) -> Collection[Name]:
    """Those of the failed jobs that nobody has seen."""
    return set(failed).difference(seen) if seen else failed


def mark(directory: str, names: Iterable[Name]) -> None:
    """Mark jobs in a directory as seen; durable on return."""
    for name in names:
        path = mark_of(Place(directory, name))
        durable.make_way(path)
        os.close(os.open(path, _NEW, _MODE))
    durable.sync_directory(directory)


def remove_marks(directory: str, names: Iterable[Name]) -> None:
    """Remove the marks of jobs that are gone."""
    for name in names:
        durable.forget(mark_of(Place(directory, name)))
