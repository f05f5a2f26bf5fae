"""What is kept of triggers whose answers are awaited: a file of each job, in ``follow/``.

A file is replaced whole. Readers need no lock; writers hold that of the small records. One that
cannot be read is passed over, and stays: the others are followed all the same.
"""

from __future__ import annotations

import os
import re
import time
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
from comenq_plugins.spool.listing_cache import COARSEST

__all__ = ["FollowFiles"]

_LIMIT = 16 << 20
_FORM = re.compile(rf"({ID_PATTERN})\.json", re.ASCII)

log = Log("spool")


class _Known(NamedTuple):
    """What a file said, and by which it is seen to be another one now."""

    version: tuple[int, int, int]
    job_id: str = ""
    follow: Follow | None = None


class FollowFiles:
    """Reads and replaces what is kept of triggers in one spool."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._is_there = layout.follow in layout.directories
        self._listed: tuple[int, int] | None = None
        self._known: dict[str, _Known] = {}
        self._reported: set[str] = set()

    def follows(self) -> Mapping[str, Follow]:
        """What is kept, by the id of the job. Only what has changed is read again."""
        if not self._is_there:
            return {}  # An older spool, looked at as it is.
        now = time.time_ns()
        status = os.stat(self._layout.follow)
        version = status.st_ino, status.st_mtime_ns
        if version != self._listed:
            is_whole = self._list()
            # The next change might come so soon that the time stays the same.
            is_quiet = now - status.st_mtime_ns > COARSEST
            self._listed = version if is_whole and is_quiet else None
        return {one.job_id: one.follow for one in self._known.values() if one.follow}

    def _list(self) -> bool:
        """Read what has changed; return whether the disk has given all of it."""
        known: dict[str, _Known] = {}
        is_whole = True
        with os.scandir(self._layout.follow) as entries:
            for entry in entries:
                one = self._now(entry, self._known.get(entry.name))
                if one:
                    known[entry.name] = one
                is_whole = is_whole and one is not None
        self._known = known
        return is_whole

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
            match = _FORM.fullmatch(entry.name)
            if match is None:
                raise Unfit("it is not comenq's")  # noqa: TRY301
            return _Known(version, match[1], _decoded(entry.path))
        except FileNotFoundError:
            return None
        except Unreadable as error:
            self._report(entry.path, error)
            return None
        except (Unfit, InvalidRequest) as error:
            self._report(entry.path, error)
            return _Known(version)

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
