"""What is kept of triggers whose answers are awaited: a file of each job, in ``follow/``.

A file is replaced whole. Readers need no lock; writers hold that of the small records. One that
cannot be read is passed over, and stays: the others are followed all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from comenq_core.errors import InvalidRequest, PacingConflict
from comenq_core.model import ID_PATTERN, Follow
from comenq_core.process.log import Log
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_own

__all__ = ["FollowFiles"]

_LIMIT = 16 << 20
_FORM = re.compile(rf"({ID_PATTERN})\.json", re.ASCII)

log = Log("spool")


class _Known(NamedTuple):
    """What a file said, and by which it is seen to be another one now."""

    version: tuple[int, int, int]
    follow: Follow | None


class FollowFiles:
    """Reads and replaces what is kept of triggers in one spool."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._is_there = layout.follow in layout.directories
        self._known: dict[str, _Known] = {}
        self._reported: set[str] = set()

    def follows(self) -> Mapping[str, Follow]:
        """What is kept, by the id of the job. Only what has changed is read again."""
        if not self._is_there:
            return {}  # An older spool, looked at as it is.
        before, self._known = self._known, {}
        with os.scandir(self._layout.follow) as entries:
            for entry in entries:
                match = _FORM.fullmatch(entry.name)
                if match is None:
                    self._report(entry.path, "it is not comenq's")
                elif known := self._now(entry, before.get(match[1])):
                    self._known[match[1]] = known
        return {job_id: one.follow for job_id, one in self._known.items() if one.follow}

    def save_follow(self, job_id: str, follow: Follow | None, expect: Follow | None) -> None:
        """Replace what is kept of a job's trigger, if it is still ``expect``."""
        path = self._layout.follow_file(job_id)
        with locked(self._layout.records):
            current = self._current(path)
            # An earlier call may have come as far as this, and only its fsync have failed.
            if current not in (expect, follow):
                raise PacingConflict(f"what is kept of the trigger {job_id} has changed")
            if follow is not None:
                draft = self._layout.draft(os.path.basename(path))
                durable.create(draft, encode(to_json(follow)) + b"\n")
                durable.replace(draft, path)
            elif current is not None:
                durable.remove(path)
            else:
                durable.sync_directory(self._layout.follow)

    def _now(self, entry: os.DirEntry[str], known: _Known | None) -> _Known | None:
        """What a file says; ``None`` if it is gone, or its disk does not give it at this moment."""
        try:
            status = entry.stat(follow_symlinks=False)
            version = status.st_ino, status.st_mtime_ns, status.st_size
            if known and known.version == version:
                return known
            return _Known(version, _decoded(entry.path))
        except FileNotFoundError:
            return None
        except Unreadable as error:
            self._report(entry.path, error)
            return known
        except (Unfit, InvalidRequest) as error:
            self._report(entry.path, error)
            return _Known(version, None)

    def _current(self, path: str) -> Follow | None:
        try:
            return _decoded(path)
        except (FileNotFoundError, Unfit, InvalidRequest):
            return None

    def _report(self, path: str, reason: object) -> None:
        if path in self._reported:
            return
        self._reported.add(path)
        log.error("follow_unreadable", "What is kept of a trigger cannot be read: its answer is not"
                  " awaited. All else goes on.", path=path, reason=reason)  # fmt: skip


def _decoded(path: str) -> Follow:
    return from_json(Follow, parse(read_own(path, _LIMIT)))
